import { STSClient } from "@aws-sdk/client-sts";
import { environmentNames, loadEnvironment } from "../../../environments/schema";
import { CLIENT_SETTINGS } from "../../../runtime/aws/clients";
import { expectedAt } from "../../../runtime/expected";
import { checkAccount } from "../../account";
import { awsClock } from "./aws-clock";
import { explained, NothingMatched, UsageError, wordsOf } from "./errors";
import { EXIT, type ExitCode } from "./exit-codes";
import { type Clients, disconnect, type Operator } from "./operator";
import { Terminal } from "./terminal";

/** Options of every command. */
export interface CommonOptions {
  readonly environment?: string;
  readonly json?: boolean;
}

export interface RunOptions {
  /** True for a command that says itself whose credentials these are. @default false */
  readonly inAnyAccount?: boolean;
}

/** Variable with the environment of a shell, so that it need not be repeated in each command. */
const VARIABLE = "TRIBUTARY_ENVIRONMENT";

/**
 * Runs a command against the environment and gives its exit code. Its usage is checked before AWS is called,
 * and the account before anything else is read or changed, unless the command does. The first Ctrl-C lets the current item finish; the
 * second ends the process.
 */
export async function run(
  options: CommonOptions,
  work: (operator: Operator) => Promise<ExitCode>,
  check: () => void | Promise<void>,
  { inAnyAccount = false }: RunOptions = {},
): Promise<ExitCode> {
  const terminal = new Terminal(options.json ?? false);
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    await check();
    return await runIn(options, terminal, interruption.signal, work, inAnyAccount);
  } catch (error) {
    return told(error, terminal, interruption.signal);
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

/** Runs a command that needs neither an environment nor credentials, and gives its exit code. */
export async function runHere(
  options: CommonOptions,
  work: (terminal: Terminal) => ExitCode | Promise<ExitCode>,
): Promise<ExitCode> {
  const terminal = new Terminal(options.json ?? false);
  try {
    return await work(terminal);
  } catch (error) {
    return told(error, terminal, new AbortController().signal);
  }
}

async function runIn(
  options: CommonOptions,
  terminal: Terminal,
  signal: AbortSignal,
  work: (operator: Operator) => Promise<ExitCode>,
  inAnyAccount: boolean,
): Promise<ExitCode> {
  const environment = loadEnvironment(environmentName(options));
  const sts = new STSClient({ ...CLIENT_SETTINGS, region: environment.region });
  const clock = awsClock(sts);
  // the other clients are loaded while AWS answers
  const loading = import("./clients");
  let aws: Clients | undefined;
  try {
    if (!inAnyAccount) await checkAccount(sts, environment);
    aws = (await loading).connect(environment, sts);
    const code = await work({ environment, aws, terminal, signal, now: clock() });
    return signal.aborted && code !== EXIT.failed ? EXIT.interrupted : code;
  } catch (error) {
    throw explained(error, environment);
  } finally {
    disconnect(aws ?? { sts });
  }
}

/** Name of the environment. There is no default: a command that stops a pipeline must not guess which one. */
function environmentName({ environment = process.env[VARIABLE] }: CommonOptions): string {
  if (environment && environmentNames().includes(environment)) return environment;
  const known = `one of ${environmentNames().join(", ")}`;
  throw new UsageError(expectedAt(`--environment (or ${VARIABLE})`, known, environment || undefined));
}

function told(error: unknown, terminal: Terminal, signal: AbortSignal): ExitCode {
  if (signal.aborted && error instanceof Error && error.name === "AbortError") return EXIT.interrupted;
  terminal.warn(`error: ${wordsOf(error)}`);
  if (error instanceof UsageError) return EXIT.usage;
  return error instanceof NothingMatched ? EXIT.nothing : EXIT.failed;
}
