import { join, resolve } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { STSClient } from "@aws-sdk/client-sts";
import { Option } from "commander";
import { declaredDatasets } from "../datasets/schema/datasets";
import { checkLeftOut } from "../datasets/schema/left-out";
import {
  type Environment,
  LAYERS,
  type Layer,
  loadEnvironment,
  loadPlanPolicy,
  stackName,
} from "../environments/schema";
import { oldPricesWarning } from "../runtime/prices/age";
import { command, runToExitCode } from "../setup/command";
import { ROOT } from "../setup/paths";
import { print, printError } from "../setup/terminal";
import { ensureTerraform } from "../setup/terraform";
import { checkAccount } from "./account";
import { sourceOf } from "./plan/binding";
import { readStacks } from "./plan/configuration";
import { KeptPlans, treeOf } from "./plan/kept-plans";
import { FILES, planStacks, secondsSince, takeSynthesis } from "./plan/plan-stacks";
import { writeSummaries } from "./plan/summaries";
import { denialsOf, findingsOf } from "./plan/summary/policy";
import { plannedRenames, renameText } from "./plan/summary/renames";
import type { StackPlan } from "./plan/summary/stack-plan";
import { synthesisOf } from "./plan/synthesis";
import { checkSaved, UNSAVED } from "./plan/unsaved";

interface PlanOptions {
  readonly environment: string;
  readonly stack?: Layer;
  readonly out: string;
  readonly synthesized?: string;
  readonly checkout?: string;
  readonly keep?: boolean;
  readonly unlessKept?: boolean;
  readonly link?: string;
}

/** Plans the environment's stacks into a folder, each with a summary, and says what they do together. */
async function plan(environment: Environment, options: PlanOptions): Promise<number> {
  checkLeftOut([environment], declaredDatasets());
  const { region, storage } = environment;
  await checkAccount(new STSClient({ region }), environment);
  const source = await sourceOf(resolve(ROOT, options.checkout ?? "."), environment);
  const kept = new KeptPlans(new S3Client({ region, forcePathStyle: storage.pathStyle }), environment);
  const tree = options.keep || options.unlessKept ? treeOf(source) : undefined;
  const before = tree !== undefined && options.unlessKept ? await kept.newest(tree) : undefined;
  if (before !== undefined) return told(before);
  const { environment: terraform } = await ensureTerraform(printError);
  const out = resolve(ROOT, options.out);
  const begun = performance.now();
  const synthesized = synthesisOf(environment, options.synthesized);
  checkSaved(readStacks(synthesized), UNSAVED);
  takeSynthesis(synthesized, out);
  const plans = await planStacks({
    out,
    source,
    variables: { ...process.env, ...terraform },
    report: print,
    ...(options.stack === undefined ? {} : { only: [stackName(environment, options.stack)] }),
  });
  const policy = loadPlanPolicy(environment.name);
  writeSummaries(out, plans, { environment, policy, uncommitted: source.uncommitted }, options.link);
  print(`${plans.length} ${plans.length === 1 ? "stack" : "stacks"} planned in ${secondsSince(begun)} s`);
  print(join(options.out, FILES.summary));
  const warning = oldPricesWarning(new Date());
  if (warning !== undefined) print(warning);
  const renames = plans.flatMap(renameLines);
  const denied = denialsOf(findingsOf(plans, environment, policy), environment.name);
  for (const line of [...renames, ...denied]) printError(line);
  if (plans.some(({ diagnostics }) => diagnostics.some(({ severity }) => severity === "error"))) return 1;
  // the apply asks again, and takes what is lost by its construct's id where that is allowed
  if (tree !== undefined) {
    const stacks = plans.map(({ stack }) => stack);
    told(await kept.keep(tree, out, stacks));
  }
  return renames.length + denied.length === 0 ? 0 : 1;
}

function renameLines({ stack, json }: StackPlan): string[] {
  return plannedRenames(json?.resource_changes ?? []).map(
    (rename) => `${stack}: ${rename.from} would be destroyed: ${renameText(rename)}`,
  );
}

function told(name: string): number {
  print(`kept as ${name}`);
  return 0;
}

command("plan", "Plan the environment's stacks into a folder, with a summary to review.")
  .requiredOption("--environment <name>", "environment to plan")
  .addOption(new Option("--stack <layer>", "the only stack to plan").choices(LAYERS))
  .requiredOption("--out <folder>", "folder of the plans, emptied first; they have secrets in clear")
  .option("--synthesized <folder>", "plan what npm run synth wrote there, instead of synthesizing anew")
  .option("--checkout <folder>", "with --synthesized, the checkout that was, of which nothing is run")
  .option("--keep", "keep the plans in the state bucket, by Git's tree, for npm run apply -- --kept")
  .option("--unless-kept", "keep them so, and plan nothing where the tree has some already")
  .option("--link <address>", "address of the whole summary, for a comment that is cut")
  .action((options: PlanOptions) => runToExitCode(() => plan(loadEnvironment(options.environment), options)))
  .parseAsync();
