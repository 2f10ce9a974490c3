import type { ChildProcess } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Credentials } from "../emulator/assume-role";
import { spawnGroup, stopGroup } from "../process/process-group";
import type { JobRun } from "./run";
import type { Workspace } from "./workspace";

export interface ScriptOptions {
  /** Interpreter of the project's virtual environment. */
  readonly python: string;
  readonly endpoint: string;
  readonly glueEndpoint: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly credentials: Credentials;
  readonly workspace: Workspace;
  readonly run: JobRun;
  readonly onOutput: (line: string) => void;
  readonly onError: (line: string) => void;
  /** Ends the script, politely at first. */
  readonly signal: AbortSignal;
}

const STOP_MILLISECONDS = 2000;
/** Ends the script with this process, however that ends. */
const SUPERVISOR = ["-I", "-S", join(__dirname, "..", "process", "supervisor.py")];

/** Runs a job's script to its end and returns what went wrong, or undefined where it ended well. */
export async function runScript(options: ScriptOptions): Promise<string | undefined> {
  if (options.signal.aborted) return "stopped before its script began";
  const { workspace, run } = options;
  const words = Object.entries(run.Arguments).flat();
  const child = spawnGroup(
    options.python,
    [
      ...SUPERVISOR,
      options.python,
      workspace.script,
      "--JOB_NAME",
      run.JobName,
      "--JOB_RUN_ID",
      run.Id,
      ...words,
    ],
    { cwd: workspace.folder, env: environment(options), stdio: ["pipe", "pipe", "pipe"] },
  );
  const stop = () => void stopGroup(child, STOP_MILLISECONDS);
  options.signal.addEventListener("abort", stop, { once: true });
  try {
    return await outcome(child, options);
  } finally {
    options.signal.removeEventListener("abort", stop);
    // Processes that the script left behind end with it, as on Glue.
    await stopGroup(child, 0);
  }
}

/** Environment of a job: all that it sees of this machine, and no region: AWS documents none. */
function environment(options: ScriptOptions): Record<string, string> {
  const { workspace, credentials } = options;
  return {
    ...options.variables,
    PATH: [dirname(options.python), process.env["PATH"] ?? ""].join(delimiter),
    HOME: workspace.folder,
    TMPDIR: join(workspace.folder, "tmp"),
    LANG: "C.UTF-8",
    PYTHONPATH: workspace.packages.join(delimiter),
    PYTHONUNBUFFERED: "1",
    AWS_ENDPOINT_URL: options.endpoint,
    AWS_ENDPOINT_URL_GLUE: options.glueEndpoint,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
  };
}

async function outcome(child: ChildProcess, options: ScriptOptions): Promise<string | undefined> {
  let lastError = "";
  readLines(child.stdout, options.onOutput);
  readLines(child.stderr, (line) => {
    if (line.trim() !== "") lastError = line.trim();
    options.onError(line);
  });
  const [exitCode, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, name) => resolve([code, name]));
  });
  if (exitCode === 0) return undefined;
  if (signal !== null) return `the script was ended by ${signal}`;
  return lastError || `the script ended with code ${exitCode}`;
}

function readLines(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream) createInterface(stream).on("line", onLine);
}
