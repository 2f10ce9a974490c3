import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { spawnGroup, stopGroup } from "../process/process-group";

/** The account of everything in the emulator. */
export const ACCOUNT = "000000000000";

export const REGION = "us-east-1";

/**
 * Root of the emulators that this process starts, which may do everything; also where roles are enforced. The
 * secret is of this process alone: without it, or one of a role, nobody reaches them.
 */
export const ROOT_CREDENTIALS = {
  accessKeyId: "test",
  secretAccessKey: randomBytes(20).toString("hex"),
} as const;

export interface EmulatorOptions {
  /** Interpreter of the project's virtual environment. */
  readonly python: string;
  /** An existing folder for the log and for temporary files, which go at the end. */
  readonly folder: string;
  /** Endpoint to which functions send Glue calls. @default - the emulator itself */
  readonly glueEndpoint?: string;
  /** Enforces the policies of roles, and notes which statements decide. @default false */
  readonly auth?: boolean;
  /** Variables of functions, in addition to AWS's own. @default - nothing */
  readonly variables?: Readonly<Record<string, string>>;
  /** @default 0, any free port */
  readonly port?: number;
  /** False leaves the emulator as it comes, for the tests that show what it lacks. @default true */
  readonly repaired?: boolean;
}

export interface Emulator {
  readonly endpoint: string;
  /** Log of the emulator, without its functions' own output (that is in their log groups). */
  readonly logFile: string;
  /** Aborted, with the reason, where the emulator ends before it is stopped. */
  readonly failure: AbortSignal;
  /** Ends the emulator with all its functions and removes its temporary files. Safe to repeat. */
  stop(): Promise<void>;
}

/**
 * File in the emulator's folder where roles are enforced: a line of JSON, with `role` and `sid`, for each statement
 * that decided a request.
 */
export const STATEMENTS = "statements.ndjson";

const START_MILLISECONDS = 120_000;
const STOP_MILLISECONDS = 2000;
const POLL_MILLISECONDS = 50;

/**
 * Starts MiniStack with our guard and repairs and waits until it answers.
 * @throws Error naming the log where it ends or does not answer within 30 seconds.
 */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const temporary = join(options.folder, "tmp");
  const logFile = join(options.folder, "emulator.log");
  mkdirSync(temporary, { recursive: true });
  const child = launch(options, temporary, logFile);
  const failure = new AbortController();
  const onExit = (code: number | null, signal: string | null) =>
    failure.abort(new Error(`the emulator ended by itself (${signal ?? `code ${code}`}); see ${logFile}`));
  const stop = async () => {
    child.off("exit", onExit);
    await stopGroup(child, STOP_MILLISECONDS);
    rmSync(temporary, { recursive: true, force: true });
  };
  try {
    const endpoint = await withinTime(logFile, answeringEndpoint(child));
    child.once("exit", onExit);
    return { endpoint, logFile, failure: failure.signal, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function launch(options: EmulatorOptions, temporary: string, logFile: string): ChildProcess {
  const log = openSync(logFile, "a");
  try {
    return spawnGroup(options.python, launcherWords(options), {
      cwd: temporary,
      env: cleanEnvironment(options, temporary),
      stdio: ["pipe", "pipe", log],
    });
  } finally {
    closeSync(log);
  }
}

function launcherWords(options: EmulatorOptions): string[] {
  return [
    ...[join(__dirname, "launcher.py"), "--port", String(options.port ?? 0)],
    ...(options.repaired === false ? ["--unrepaired"] : []),
    ...(options.auth ? ["--statements", join(options.folder, STATEMENTS)] : []),
  ];
}

/** Environment of functions: nothing of the user's own but the path, with this very Node first. */
function cleanEnvironment(options: EmulatorOptions, temporary: string): Record<string, string> {
  return {
    ...options.variables,
    PATH: [dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter),
    HOME: temporary,
    TMPDIR: temporary,
    LANG: "C.UTF-8",
    PYTHONUNBUFFERED: "1",
    PYTHONDONTWRITEBYTECODE: "1",
    MINISTACK_ACCOUNT_ID: ACCOUNT,
    MINISTACK_REGION: REGION,
    AWS_SECRET_ACCESS_KEY: ROOT_CREDENTIALS.secretAccessKey,
    LOG_LEVEL: "WARNING",
    AUTH: options.auth ? "true" : "false",
    // The SDK warns on each cold start that the host's Node 20 is old; Lambda's own runtime is newer.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    ...(options.glueEndpoint ? { AWS_ENDPOINT_URL_GLUE: options.glueEndpoint } : {}),
  };
}

async function answeringEndpoint(child: ChildProcess): Promise<string> {
  const endpoint = `http://127.0.0.1:${await announcedPort(child)}`;
  while (!(await answers(`${endpoint}/_ministack/health`))) {
    if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
  }
  return endpoint;
}

/** The port in the launcher's first line. */
function announcedPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`it ended with code ${code}`)));
    if (child.stdout) createInterface(child.stdout).once("line", (line) => resolve(JSON.parse(line).port));
  });
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

async function withinTime(logFile: string, work: Promise<string>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("it does not answer")), START_MILLISECONDS);
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    const reason = readFileSync(logFile, "utf8").trim().split("\n").at(-1) || (error as Error).message;
    throw new Error(`the emulator did not start: ${reason}; see ${logFile}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
