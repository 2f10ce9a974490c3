import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Layer, stackName } from "../../environments/schema";
import { WORKING_FOLDER } from "../../setup/paths";
import { readStacks, type SynthesizedStack } from "../plan/configuration";
import { allOf, withoutPlan } from "../plan/plan-stacks";
import { changedOutputs, outcomeOf } from "../plan/summary/outcome";
import { type Planned, WorkingFolder } from "../plan/terraform";
import { lackingOutputs, readConfigurations } from "../removal/configurations";
import type { State } from "../removal/states";
import { isWithoutChanges } from "./changes";
import { type Judging, refusalsOfChanges, type StackChanges } from "./refusals";

/** What a deploy would change, and with what Terraform runs. */
export interface Deploying extends Judging {
  /** What is deployed. */
  readonly states: ReadonlyMap<Layer, State>;
  /** Folder of the synthesized stacks. */
  readonly output: string;
  readonly variables: NodeJS.ProcessEnv;
  readonly report: (line: string) => void;
}

/** What a deploy comes to. */
export interface DeployPlan {
  /** Reasons not to deploy, a line each. */
  readonly refusals: readonly string[];
  /** Stacks of which nothing changes, whatever the deploy does to the others. */
  readonly unchanged: readonly string[];
}

/** Plans stacks that are deployed, side by side, and holds what comes of it against the policy and what may be lost. */
export async function planDeploy(deploying: Deploying): Promise<DeployPlan> {
  const { environment, output, variables, report } = deploying;
  const names = plannableLayers(deploying).map((layer) => stackName(environment, layer));
  const stacks = readStacks(output).filter(({ name }) => names.includes(name));
  mkdirSync(WORKING_FOLDER, { recursive: true });
  // plans have secrets in clear
  const scratch = mkdtempSync(join(WORKING_FOLDER, "plans-"));
  try {
    const plans = await allOf(stacks.map((stack) => planOf(stack, join(scratch, stack.name), variables)));
    const planned = plans.flatMap(({ stack, ...plan }) => {
      report(`${stack.name}: ${outcomeOf({ ...withoutPlan(stack), ...plan })}`);
      return plan.json === undefined ? [] : [{ stack, changes: plan.json }];
    });
    return { refusals: refusalsOfChanges(planned, deploying), unchanged: unchangedOf(planned) };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Stacks without changes; none where an output changes, which others may read. */
function unchangedOf(planned: readonly StackChanges[]): string[] {
  if (planned.some(({ changes }) => changedOutputs(changes).length > 0)) return [];
  return planned
    .filter(({ changes }) => isWithoutChanges(changes) && changes.errored !== true)
    .map(({ stack }) => stack.name);
}

/** Layers that are deployed, and read nothing that is not: the others cannot be planned yet. */
function plannableLayers({ environment, states, output, report }: Deploying): Layer[] {
  const configurations = readConfigurations(output, environment);
  return [...states.keys()].filter((layer) => {
    const lacking = lackingOutputs(environment, [layer], states, configurations);
    if (lacking.length > 0)
      report(`not planned before, as what it reads is not deployed: ${lacking.join(", ")}`);
    return lacking.length === 0;
  });
}

async function planOf(stack: SynthesizedStack, file: string, variables: NodeJS.ProcessEnv) {
  // where cdktf finds the provider again
  const working = new WorkingFolder(stack.folder, join(stack.folder, ".terraform"), variables);
  const diagnostics = await working.initialize();
  const plan: Planned = diagnostics.length > 0 ? { diagnostics } : await working.plan(file);
  return { stack, ...plan };
}
