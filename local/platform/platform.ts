import { appendFileSync, mkdirSync, rmSync } from "node:fs";
import { devNull } from "node:os";
import { join } from "node:path";
import { LAYERS } from "../../environments/schema";
import { interruptSetUp } from "../../setup/interruption";
import { ROOT } from "../../setup/paths";
import { ensurePython } from "../../setup/python";
import { ensureTerraform } from "../../setup/terraform";
import { type EventSource, startEventSource } from "../event-source/event-source";
import { runChild } from "../process/child";
import type { Steps } from "../steps";
import { together } from "../together";
import { type LocalAws, startLocalAws } from "./aws";
import { type LedgerServer, startLedgerServer } from "./ledger-server";

export interface PlatformOptions {
  /** Folder of this run: state of the emulator, synthesized stacks, logs. */
  readonly output: string;
  readonly steps: Steps;
  readonly signal: AbortSignal;
  /** Makes the emulator enforce the roles of functions and jobs. */
  readonly auth?: boolean;
  /** Returns the variables of who deploys, once there is a state bucket. @default - of the account's root */
  readonly deployer?: (aws: LocalAws) => Promise<NodeJS.ProcessEnv>;
  /** Work while the stacks are applied. @default - nothing */
  readonly meanwhile?: (platform: RisingPlatform) => Promise<void>;
}

/** Parts that exist while the stacks are applied. */
export type RisingPlatform = Pick<Platform, "aws" | "python" | "signal">;

/** The local environment, deployed and running. */
export interface Platform {
  readonly aws: LocalAws;
  /** PostgreSQL that functions and jobs connect to. */
  readonly ledger: LedgerServer;
  /** Interpreter that jobs run with. */
  readonly python: string;
  /**
   * Variables by which a command reaches the platform, in addition to everything of this process that is not
   * of AWS.
   */
  readonly variables: NodeJS.ProcessEnv;
  /** Aborted by the user, or because the emulator or PostgreSQL ended by itself. */
  readonly signal: AbortSignal;
  /** Deploys again, from this checkout or another, with further arguments of `npm run deploy`. */
  deploy(checkout?: string, ...words: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Sets up what is missing, starts PostgreSQL, the emulator and the Glue runner, applies the five stacks, and then delivers what
 * is in the queues of mappings that the emulator does not serve.
 *
 * @throws Error with a message for the user when a step fails; nothing is left running then.
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { steps, output } = options;
  mkdirSync(join(output, "aws"), { recursive: true });
  options.signal.addEventListener("abort", interruptSetUp, { once: true });
  const { python } = await steps.run("Python environment", (report) => ensurePython("run", report));
  const terraform = await steps.run("Terraform and AWS provider", (report) => ensureTerraform(report));
  const ledger = await steps.run("PostgreSQL", () => startLedgerServer(join(output, "aws")));
  const aws = await steps
    .run("AWS emulator and Glue runner", (report) =>
      startLocalAws({
        folder: join(output, "aws"),
        auth: options.auth ?? false,
        variables: ledger.variables,
        report,
      }),
    )
    .catch(async (error) => {
      await ledger.stop();
      throw error;
    });
  let source: EventSource | undefined;
  const stop = async () => {
    await source?.stop();
    await aws.stop();
    await ledger.stop();
    rmSync(join(output, "cdktf.out"), { recursive: true, force: true });
  };
  const failure = new AbortController();
  const signal = AbortSignal.any([options.signal, aws.failure, ledger.failure, failure.signal]);
  const variables = { ...withoutUserSettings(process.env), ...terraform.environment, ...aws.environment };
  const context: Context = { output, signal, python, variables, checkout: ROOT };
  let deployer: NodeJS.ProcessEnv = {};
  const deploy = (checkout = ROOT, ...words: readonly string[]) =>
    steps.run("deploy of five stacks", (report) =>
      runDeploy({ ...context, checkout, variables: { ...variables, ...deployer } }, words, report),
    );
  try {
    await steps.run("state bucket", () => runCommand(context, "bootstrap", []));
    deployer = (await options.deployer?.(aws)) ?? {};
    await together(failure, deploy(), options.meanwhile?.({ aws, python, signal }) ?? Promise.resolve());
    source = startEventSource({ endpoint: aws.endpoint, warn: noteIn(join(output, "event-source.log")) });
    return { aws, ledger, python, variables, signal, deploy, stop };
  } catch (error) {
    await stop();
    throw signal.aborted ? signal.reason : error;
  }
}

function noteIn(file: string): (message: string) => void {
  return (message) => appendFileSync(file, `${new Date().toISOString()} ${message}\n`);
}

/** Context that the commands of a run share. */
interface Context extends Pick<Platform, "python" | "signal" | "variables">, Pick<PlatformOptions, "output"> {
  /** Folder of the checkout whose command runs. */
  readonly checkout: string;
}

async function runDeploy(
  context: Context,
  words: readonly string[],
  report: (detail: string) => void,
): Promise<void> {
  report(`terraform's output: ${join(context.output, "deploy.log")}`);
  const all = ["--auto-approve", "--output", join(context.output, "cdktf.out"), ...words];
  await runCommand(context, "deploy", all, deployProgress(report));
}

async function runCommand(
  { python, output, signal, variables, checkout }: Context,
  name: "bootstrap" | "deploy",
  words: readonly string[],
  onLine?: (line: string) => void,
): Promise<void> {
  await runChild(
    [process.execPath, "--import", "tsx", `cli/${name}.ts`, "--environment", "local", ...words],
    {
      environment: variables,
      folder: checkout,
      log: join(output, `${name}.log`),
      python,
      signal,
      ...(onLine === undefined ? {} : { onLine }),
    },
  );
}

/**
 * This process's environment without what would lead the platform elsewhere: the user's AWS profile, session and
 * configuration files, settings of Terraform such as a workspace, a data folder or arguments, and proxies.
 */
export function withoutUserSettings(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(variables).filter(([name]) => !/^(AWS_|TF_(?!LOG))/.test(name));
  const noProxy = [variables["NO_PROXY"] ?? variables["no_proxy"], "127.0.0.1", "localhost"];
  const direct = noProxy.filter(Boolean).join(",");
  return {
    ...Object.fromEntries(kept),
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    NO_PROXY: direct,
    no_proxy: direct,
    // cdktf then writes plain lines instead of redrawing the terminal.
    CI: "true",
  };
}

/** Counts in a deploy's lines the resources that exist and the stacks that are done. */
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
