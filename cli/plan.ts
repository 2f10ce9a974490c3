import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { STSClient } from "@aws-sdk/client-sts";
import { Option } from "commander";
import { declaredDatasets } from "../datasets/schema/datasets";
import { checkLeftOut } from "../datasets/schema/left-out";
import { type Environment, LAYERS, type Layer, loadEnvironment, stackName } from "../environments/schema";
import { oldPricesWarning } from "../runtime/prices/age";
import { command, runToExitCode } from "../setup/command";
import { ROOT } from "../setup/paths";
import { print, printError } from "../setup/terminal";
import { ensureTerraform } from "../setup/terraform";
import { checkAccount } from "./account";
import { sourceOf } from "./plan/binding";
import { FILES, planStacks, takeSynthesis } from "./plan/plan-stacks";
import { render } from "./plan/summary/markdown";
import type { StackPlan } from "./plan/summary/stack-plan";
import { type Heading, summaryOf } from "./plan/summary/summary";
import { synthesisOf } from "./plan/synthesis";

interface PlanOptions {
  readonly environment: string;
  readonly stack?: Layer;
  readonly out: string;
  readonly synthesized?: string;
  readonly link?: string;
}

/** Characters that GitHub takes for a comment. */
const COMMENT_CHARACTERS = 65_536;

/** Plans the environment's stacks into a folder, each with a summary, and says what they do together. */
async function plan(environment: Environment, options: PlanOptions): Promise<number> {
  checkLeftOut([environment], declaredDatasets());
  await checkAccount(new STSClient({ region: environment.region }), environment);
  const { environment: terraform } = await ensureTerraform(printError);
  const out = resolve(ROOT, options.out);
  const source = await sourceOf(ROOT, environment);
  takeSynthesis(synthesisOf(environment, options.synthesized), out);
  const plans = await planStacks({
    out,
    source,
    variables: { ...process.env, ...terraform },
    report: print,
    ...(options.stack === undefined ? {} : { only: [stackName(environment, options.stack)] }),
  });
  writeSummaries(out, plans, { environment, uncommitted: source.uncommitted }, options.link);
  print(join(options.out, FILES.summary));
  const warning = oldPricesWarning(new Date());
  if (warning !== undefined) print(warning);
  return plans.some(({ diagnostics }) => diagnostics.some(({ severity }) => severity === "error")) ? 1 : 0;
}

/** Writes the summary of each stack, that of all, and the latter as a comment that GitHub takes. */
function writeSummaries(
  out: string,
  plans: readonly StackPlan[],
  heading: Heading,
  link: string | undefined,
): void {
  for (const each of plans) {
    writeFileSync(join(out, each.stack, FILES.summary), render(summaryOf([each], heading)));
  }
  const summary = summaryOf(plans, heading);
  writeFileSync(join(out, FILES.summary), render(summary));
  const whole = link === undefined ? `\`${FILES.summary}\` in the folder of the plan.` : `<${link}>`;
  writeFileSync(join(out, FILES.comment), render(summary, COMMENT_CHARACTERS, whole));
}

command("plan", "Plan the environment's stacks into a folder, with a summary to review.")
  .requiredOption("--environment <name>", "environment to plan")
  .addOption(new Option("--stack <layer>", "the only stack to plan").choices(LAYERS))
  .requiredOption("--out <folder>", "folder of the plans, emptied first; they have secrets in clear")
  .option("--synthesized <folder>", "plan what npm run synth wrote there, instead of synthesizing anew")
  .option("--link <address>", "address of the whole summary, for a comment that is cut")
  .action((options: PlanOptions) => runToExitCode(() => plan(loadEnvironment(options.environment), options)))
  .parseAsync();
