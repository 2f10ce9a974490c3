import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../cli/setup/paths";
import { ensurePython } from "../cli/setup/python";
import { ensureTerraform } from "../cli/setup/terraform";
import { LAYERS } from "../environments";
import { type LocalAws, startLocalAws } from "./aws";
import { runChild } from "./child";
import type { Steps } from "./steps";

export interface PlatformOptions {
  /** Folder of this run: state of the emulator, synthesized stacks, logs. */
  readonly output: string;
  readonly steps: Steps;
  readonly signal: AbortSignal;
  /** Whether the emulator enforces the roles of functions and jobs. */
  readonly auth?: boolean;
}

/** The local environment, deployed and running. */
export interface Platform {
  readonly aws: LocalAws;
  /** The interpreter that jobs run with. */
  readonly python: string;
  /** What a command needs to reach the platform, beside everything of this process that is not of AWS. */
  readonly variables: NodeJS.ProcessEnv;
  /** Deploys once more, with the given further words of `npm run deploy`. */
  deploy(...words: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Sets up what is missing, starts the emulator and the Glue runner, and applies the five stacks.
 *
 * @throws Error with a message for the user when a step fails; nothing is left running then.
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { steps, signal, output } = options;
  mkdirSync(join(output, "aws"), { recursive: true });
  const { python } = await steps.run("Python environment", (report) => ensurePython("run", report));
  signal.throwIfAborted();
  const terraform = await steps.run("Terraform and AWS provider", (report) => ensureTerraform(report));
  signal.throwIfAborted();
  const aws = await steps.run("AWS emulator and Glue runner", (report) =>
    startLocalAws({ folder: join(output, "aws"), auth: options.auth ?? false, report }),
  );
  const stop = async () => {
    await aws.stop();
    rmSync(join(output, "cdktf.out"), { recursive: true, force: true });
  };
  // CI: cdktf then writes plain lines instead of redrawing the terminal.
  const variables = { ...withoutAws(process.env), CI: "true", ...terraform.environment, ...aws.environment };
  const deploy = (...words: readonly string[]) =>
    steps.run("deploy of five stacks", (report) => runDeploy(options, variables, words, report));
  try {
    await steps.run("state bucket", () => runCommand(options, variables, "bootstrap", []));
    await deploy();
    return { aws, python, variables, deploy, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function runDeploy(
  options: PlatformOptions,
  variables: NodeJS.ProcessEnv,
  words: readonly string[],
  report: (detail: string) => void,
): Promise<void> {
  report(`terraform's output: ${join(options.output, "deploy.log")}`);
  const all = ["--auto-approve", "--output", join(options.output, "cdktf.out"), ...words];
  await runCommand(options, variables, "deploy", all, deployProgress(report));
}

async function runCommand(
  options: PlatformOptions,
  variables: NodeJS.ProcessEnv,
  name: "bootstrap" | "deploy",
  words: readonly string[],
  onLine?: (line: string) => void,
): Promise<void> {
  await runChild(
    [process.execPath, "--import", "tsx", `cli/${name}.ts`, "--environment", "local", ...words],
    {
      environment: variables,
      folder: ROOT,
      log: join(options.output, `${name}.log`),
      signal: options.signal,
      ...(onLine === undefined ? {} : { onLine }),
    },
  );
}

/** The user's own profile or session would win over the emulator's credentials. */
function withoutAws(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !name.startsWith("AWS_")));
}

/** Tells from a deploy's lines how many resources stand and which stacks are done. */
function deployProgress(report: (detail: string) => void): (line: string) => void {
  let resources = 0;
  let stacks = 0;
  return (line) => {
    if (/: Creation complete after/.test(line)) resources += 1;
    else if (/Apply complete!/.test(line)) stacks += 1;
    else return;
    report(`${resources} resources, ${stacks} of ${LAYERS.length} stacks`);
  };
}
