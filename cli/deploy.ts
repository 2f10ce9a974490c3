import { type Environment, loadEnvironment } from "../environments/schema";
import { command, runToExitCode } from "../setup/command";
import { printError } from "../setup/terminal";
import { ensureTerraform } from "../setup/terraform";
import { ensureNativeWheel, ensureWheels } from "../setup/wheels";
import { runCdktf } from "./cdktf";

interface DeployOptions {
  readonly environment: string;
  readonly autoApprove?: boolean;
  readonly output?: string;
}

const PARALLEL_RESOURCES = 40;

/** Applies the environment's stacks, each after its dependencies and otherwise concurrently. */
async function deploy(
  environment: Environment,
  options: DeployOptions,
  further: readonly string[],
): Promise<number> {
  const report = printError;
  const terraform = await ensureTerraform(report);
  if (environment.glue.dependencies === "artifacts") {
    await ensureWheels(report);
    await ensureNativeWheel(report);
  }
  const words = [
    "deploy",
    `${environment.name}-*`,
    // the provider comes from a mirror on this machine: there is no registry to ask for other platforms' hashes
    "--skip-provider-lock",
    // a plugin cache shared by stacks that are initialized side by side is a race
    "--disable-plugin-cache-env",
    // most of the time the provider waits: for queues 25 s each, whose number passes Terraform's own limit of ten
    `--terraform-parallelism=${PARALLEL_RESOURCES}`,
    ...(options.autoApprove ? ["--auto-approve"] : []),
    ...(options.output === undefined ? [] : ["--output", options.output]),
    ...further,
  ];
  return runCdktf(words, {
    // Terraform and its provider read a large schema in each command and live shortly: less collecting saves a quarter
    GOGC: process.env["GOGC"] ?? "400",
    ...terraform.environment,
    TRIBUTARY_ENVIRONMENT: environment.name,
  });
}

command(
  "deploy",
  "Build the bundles and apply the environment's five stacks. Words after -- go to cdktf deploy.",
)
  .requiredOption("--environment <name>", "environment to deploy")
  .option("--auto-approve", "apply without asking")
  .option("--output <folder>", "folder of the synthesized stacks (default: cdktf.out)")
  .argument("[cdktf words...]", "further words for cdktf deploy")
  .action((further: string[], options: DeployOptions) =>
    runToExitCode(() => deploy(loadEnvironment(options.environment), options, further)),
  )
  .parseAsync();
