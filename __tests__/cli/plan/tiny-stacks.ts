import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { applyPlans } from "../../../cli/apply/apply-plans";
import type { Applying } from "../../../cli/apply/applying";
import type { Source } from "../../../cli/plan/binding";
import type { StatePlace } from "../../../cli/plan/configuration";
import { planStacks, takeSynthesis } from "../../../cli/plan/plan-stacks";
import type { StackPlan } from "../../../cli/plan/summary/stack-plan";
import { LAYERS, loadEnvironment, loadPlanPolicy } from "../../../environments/schema";
import { ensureTerraform } from "../../../setup/terraform";
import { type Outcome, outcomeOf } from "../../support/outcome";

type Json = Readonly<Record<string, unknown>>;

export const STORAGE = "local-storage";
export const COMPUTE = "local-compute";

/** Source of the tests' plans. */
export const SOURCE: Source = {
  environment: "local",
  account: "000000000000",
  region: "us-east-1",
  tree: "a".repeat(40),
  uncommitted: [],
  locks: {},
};

let found: Promise<Record<string, string>> | undefined;

/** Variables with which Terraform is found. */
function terraform(): Promise<Record<string, string>> {
  found ??= ensureTerraform(() => undefined).then(({ environment }) => environment);
  return found;
}

/** Two stacks of Terraform's own resources, as cdktf writes them, of which the second reads the first's state. */
export class TinyStacks {
  readonly folder = mkdtempSync(join(tmpdir(), "tributary-plan-"));
  readonly synthesized = join(this.folder, "cdktf.out");
  readonly out = join(this.folder, "plans");
  /** What is checked out. */
  source = SOURCE;

  constructor(
    private readonly stateOf: (stack: string) => StatePlace = (stack) => ({
      backend: "local",
      config: { path: join(this.folder, `${stack}.tfstate`) },
    }),
  ) {}

  /** Writes the stacks: what the first has and gives, and what the second makes of it. */
  write(storage: Json, compute: Json): void {
    const data = { terraform_remote_state: { storage: this.stateOf(STORAGE) } };
    this.writeStack(STORAGE, storage);
    this.writeStack(COMPUTE, { data, ...compute });
    // of the others there is nothing
    for (const layer of LAYERS) {
      const name = `local-${layer}`;
      if (name !== STORAGE && name !== COMPUTE) this.writeStack(name, {});
    }
    const stacks = { [COMPUTE]: manifest(COMPUTE, [STORAGE]), [STORAGE]: manifest(STORAGE, []) };
    writeFileSync(join(this.synthesized, "manifest.json"), JSON.stringify({ stacks }));
  }

  /** Plans what is written, as the command does. */
  async plan(
    only?: readonly string[],
    report: (line: string) => void = () => undefined,
    further: NodeJS.ProcessEnv = {},
  ): Promise<ReadonlyMap<string, StackPlan>> {
    takeSynthesis(this.synthesized, this.out);
    const variables = { ...process.env, ...(await terraform()), ...further };
    const options = only === undefined ? {} : { only };
    const plans = await planStacks({
      out: this.out,
      source: this.source,
      variables,
      report,
      ...options,
    });
    return new Map(plans.map((plan) => [plan.stack, plan]));
  }

  /** Applies what was planned, as the command does. */
  async applyPlans(further: Partial<Applying> = {}): Promise<void> {
    await applyPlans({
      plans: this.out,
      anew: false,
      synthesized: this.synthesized,
      source: this.source,
      environment: loadEnvironment(SOURCE.environment),
      policy: loadPlanPolicy(SOURCE.environment),
      permit: { allowDestroy: [], deletionGuard: false, maxAgeHours: 24 },
      variables: { ...process.env, ...(await terraform()) },
      now: new Date(),
      unsaved: join(this.folder, "unsaved"),
      lockSeconds: 0,
      isTrial: false,
      report: () => undefined,
      ...further,
    });
  }

  /** Applies a stack's saved plan with Terraform itself. */
  async apply(stack: string, variables: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    return outcomeOf(
      ["terraform", "apply", "-input=false", "-no-color", join(this.out, stack, "terraform.plan")],
      join(this.out, "synthesis", "stacks", stack),
      { ...(await terraform()), ...variables, TF_DATA_DIR: join(this.out, stack, ".terraform") },
    );
  }

  /** Value that a stack's first resource keeps in its state, where that is a file. */
  kept(stack: string): string {
    const { resources } = JSON.parse(readFileSync(join(this.folder, `${stack}.tfstate`), "utf8"));
    const of = resources.find(({ type }: { type: string }) => type === "terraform_data");
    return of.instances[0].attributes.output.value;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private writeStack(name: string, content: Json): void {
    const { backend, config } = this.stateOf(name);
    const file = join(this.synthesized, "stacks", name, "cdk.tf.json");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ terraform: { backend: { [backend]: config } }, ...content }));
  }
}

function manifest(name: string, dependencies: readonly string[]) {
  return { name, dependencies, workingDirectory: `stacks/${name}` };
}

/** A text that Terraform evaluates. */
export function expression(text: string): string {
  return `\${${text}}`;
}

/** The first stack: a resource that keeps a value, which it gives, and a secret. */
export function storage({ kept = "one", guarded = false, replacedBy = "first" } = {}): Json {
  const lifecycle = { prevent_destroy: guarded };
  return {
    resource: { terraform_data: { kept: { input: kept, triggers_replace: replacedBy, lifecycle } } },
    output: {
      name: { value: expression("terraform_data.kept.output") },
      password: { value: expression('sensitive("hush-hush")'), sensitive: true },
    },
  };
}

/** The second stack, which keeps what it reads of the first. */
export function compute(reads: readonly string[] = ["name"]): Json {
  const inputs = reads.map((name) => [
    name,
    { input: expression(`data.terraform_remote_state.storage.outputs.${name}`) },
  ]);
  return { resource: { terraform_data: Object.fromEntries(inputs) } };
}
