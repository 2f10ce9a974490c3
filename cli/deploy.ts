import { type Environment, loadEnvironment } from "../environments/schema";
import { command, runToExitCode } from "../setup/command";
import { print, printError } from "../setup/terminal";
import { ensureTerraform } from "../setup/terraform";
import { ensureNativeWheel, ensureWheels } from "../setup/wheels";
import { runCdktf } from "./cdktf";
import { standingCostsText } from "./standing-costs";

interface DeployOptions {
  readonly environment: string;
  readonly autoApprove?: boolean;
  readonly output?: string;
  readonly prepare?: boolean;
}

const PARALLEL_RESOURCES = 40;

/**
 * Applies the environment's stacks, each after its dependencies and otherwise concurrently, and says what runs from then
 * on; or only prepares it.
 */
async function deploy(
  environment: Environment,
  options: DeployOptions,
  further: readonly string[],
): Promise<number> {
  const terraform = await ensureTerraform(printError);
  if (environment.glue.dependencies === "artifacts") {
    await ensureWheels(printError);
    await ensureNativeWheel(printError);
  }
  const words = options.prepare ? ["synth"] : ["deploy", `${environment.name}-*`, ...applying(options)];
  const output = options.output === undefined ? [] : ["--output", options.output];
  const exitCode = await runCdktf([...words, ...output, ...further], {
    // Terraform and its provider read a large schema in each command and live shortly: less collecting saves a quarter
    GOGC: process.env["GOGC"] ?? "400",
    ...terraform.environment,
    TRIBUTARY_ENVIRONMENT: environment.name,
  });
  if (exitCode === 0 && !options.prepare) print(`\n${standingCostsText(environment)}`);
  return exitCode;
}

function applying({ autoApprove = false }: DeployOptions): string[] {
  return [
    // a plugin cache shared by stacks that are initialized side by side is a race
    "--disable-plugin-cache-env",
    // most of the time the provider waits: for queues 25 s each, whose number passes Terraform's own limit of ten
    `--terraform-parallelism=${PARALLEL_RESOURCES}`,
    ...(autoApprove ? ["--auto-approve"] : []),
  ];
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
  .option("--output <folder>", "folder of the synthesized stacks (default: cdktf.out)")
  .argument("[cdktf words...]", "further words for cdktf deploy")
  .action((further: string[], options: DeployOptions) =>
    runToExitCode(() => deploy(loadEnvironment(options.environment), options, further)),
  )
  .parseAsync();
