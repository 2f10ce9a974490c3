import { resolve } from "node:path";
import { GlueClient } from "@aws-sdk/client-glue";
import { S3Client } from "@aws-sdk/client-s3";
import { STSClient } from "@aws-sdk/client-sts";
import { declaredDatasets } from "../datasets/schema/datasets";
import { checkLeftOut } from "../datasets/schema/left-out";
import { type Environment, LAYERS, loadEnvironment, loadPlanPolicy, stackName } from "../environments/schema";
import { oldPricesWarning } from "../runtime/prices/age";
import { command, runToExitCode } from "../setup/command";
import { CommandError } from "../setup/errors";
import { ROOT } from "../setup/paths";
import { print, printError } from "../setup/terminal";
import { ensureTerraform } from "../setup/terraform";
import { ensureNativeWheel, ensureWheels } from "../setup/wheels";
import { checkAccount } from "./account";
import { planDeploy } from "./apply/deployed";
import { applyingWords, runCdktf } from "./cdktf";
import { standingCostsText } from "./costs/standing-text";
import { checkAdditions } from "./operator/dataset/diff";
import { deployedStates, planRemoval, type Removal } from "./removal/removal";

interface DeployOptions {
  readonly environment: string;
  readonly autoApprove?: boolean;
  readonly discard?: boolean;
  readonly output: string;
  readonly prepare?: boolean;
}

const SKIP_SYNTH = "--skip-synth";
/** Deploys stacks without those that they depend on. */
const ALONE = "--ignore-missing-stack-dependencies";

/**
 * Applies the environment's stacks, each after its dependencies and otherwise concurrently, and says what runs from then
 * on; or only prepares it. Where the settings no longer have what is deployed and holds data, that goes first, in the
 * opposite order.
 */
async function deploy(
  environment: Environment,
  options: DeployOptions,
  further: readonly string[],
): Promise<number> {
  checkLeftOut([environment], declaredDatasets());
  const terraform = await ensureTerraform(printError);
  if (environment.glue.dependencies === "artifacts") {
    await ensureWheels(printError);
    await ensureNativeWheel(printError);
  }
  const variables = {
    ...terraform.environment,
    TRIBUTARY_ENVIRONMENT: environment.name,
  };
  const run: Run = (...words) => runCdktf([...words, "--output", options.output], variables);
  if (options.prepare) return run("synth", ...further);
  const exitCode = await apply(environment, options, further, { run, variables });
  if (exitCode === 0) tellCosts(environment, new Date());
  return exitCode;
}

function tellCosts(environment: Environment, now: Date): void {
  print(`\n${standingCostsText(environment)}`);
  const warning = oldPricesWarning(now);
  if (warning !== undefined) printError(warning);
}

type Run = (...words: readonly string[]) => Promise<number>;

interface Cdktf {
  readonly run: Run;
  /** Variables with which Terraform is found. */
  readonly variables: Readonly<Record<string, string>>;
}

async function apply(
  environment: Environment,
  options: DeployOptions,
  further: readonly string[],
  { run, variables }: Cdktf,
): Promise<number> {
  const words = [...applyingWords(options), ...further];
  const place = { region: environment.region };
  await checkAccount(new STSClient(place), environment);
  const s3 = new S3Client({ ...place, forcePathStyle: environment.storage.pathStyle });
  await checkAdditions({ glue: new GlueClient(place), s3 }, environment);
  const states = await deployedStates(environment);
  const all = `${environment.name}-*`;
  if (states.size === 0) return run("deploy", all, ...words);
  if (!further.includes(SKIP_SYNTH)) {
    const code = await run("synth");
    if (code !== 0) return code;
    words.push(SKIP_SYNTH);
  }
  const { discard = false, output } = options;
  const folder = resolve(ROOT, output);
  const removal = await planRemoval(environment, states, folder, discard);
  const { refusals, unchanged } = await planDeploy({
    environment,
    policy: loadPlanPolicy(environment.name),
    permit: {
      allowDestroy: discard ? "all" : [],
      deletionGuard: environment.deletionGuard,
      wayOut: "--discard",
    },
    states,
    output: folder,
    variables: { ...process.env, ...variables },
    report: print,
  });
  if (refusals.length > 0) {
    throw new CommandError(["nothing was changed:", ...refusals.map((line) => `  ${line}`)].join("\n"));
  }
  if (removal !== undefined) {
    const code = await remove(environment, removal, options, run);
    return code === 0 ? run("deploy", all, ...words) : code;
  }
  const names = LAYERS.map((layer) => stackName(environment, layer));
  const changed = names.filter((name) => !unchanged.includes(name));
  return changed.length === 0 ? 0 : run("deploy", ...changed, ALONE, ...words);
}

/** Applies the stacks that lose something, one by one; the deploy that follows finds the rest. */
async function remove(
  environment: Environment,
  { layers, lines }: Removal,
  options: DeployOptions,
  run: Run,
): Promise<number> {
  print([`given up, by way of ${layers.join(", ")}:`, ...lines.map((line) => `  ${line}`)].join("\n"));
  for (const layer of layers) {
    const words = [ALONE, SKIP_SYNTH, ...applyingWords(options)];
    const code = await run("deploy", stackName(environment, layer), ...words);
    if (code !== 0) return code;
  }
  return 0;
}

command(
  "deploy",
  "Build the bundles and apply the environment's five stacks. Words after -- go to cdktf deploy.",
)
  .requiredOption("--environment <name>", "environment to deploy")
  .option("--auto-approve", "apply without asking")
  .option(
    "--prepare",
    "only make and download what an apply needs, without credentials; -- --skip-synth applies it",
  )
  .option("--discard", "give up what holds data and would be destroyed or replaced, as the refusal listed it")
  .option("--output <folder>", "folder of the synthesized stacks", "cdktf.out")
  .argument("[cdktf words...]", "further words for cdktf deploy")
  .action((further: string[], options: DeployOptions) =>
    runToExitCode(() => deploy(loadEnvironment(options.environment), options, further)),
  )
  .parseAsync();
