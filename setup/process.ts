import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { setUpInterruption } from "./interruption";

/**
 * Delay before this process signals the program, too: a terminal's Ctrl-C has reached it already, and a
 * second one would cut its tidying short.
 */
const TOLD_BY_TERMINAL_MILLISECONDS = 500;
const GRACE_MILLISECONDS = 5000;

export interface RunOptions {
  readonly environment?: NodeJS.ProcessEnv;
  readonly folder?: string;
  /** Ends the program when it is aborted. @default - it runs to its end */
  readonly signal?: AbortSignal;
  /** Receives each line of the program's output, of both streams. */
  readonly onLine?: (line: string) => void;
}

export interface RunResult {
  readonly exitCode: number;
  /** Both streams, as they came. */
  readonly output: string;
  readonly stdout: string;
}

/**
 * Runs a program to its end, which comes with this process's own at the latest. Throws only where it cannot be started,
 * or is aborted.
 */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  setUpInterruption.throwIfAborted();
  const [program = "", ...words] = command;
  const child = spawn(program, words, {
    env: options.environment ?? process.env,
    cwd: options.folder,
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const end = () => child.kill();
  process.once("exit", end);
  const interrupt = () => interruptProgram(child);
  setUpInterruption.addEventListener("abort", interrupt, { once: true });
  let output = "";
  let stdout = "";
  const onChunk = lineSplitter(options.onLine ?? (() => undefined));
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => {
      output += chunk;
      if (stream === child.stdout) stdout += chunk;
      onChunk(chunk);
    });
  }
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  }).finally(() => {
    process.off("exit", end);
    setUpInterruption.removeEventListener("abort", interrupt);
  });
  setUpInterruption.throwIfAborted();
  return { exitCode, output, stdout };
}

/**
 * Runs a program to its end on this process's own terminal, where an interrupt reaches both.
 * @returns its exit code, 1 where a signal ended it
 */
export function runOnTerminal(
  command: readonly string[],
  { environment = process.env, folder }: Omit<RunOptions, "onLine" | "signal"> = {},
): number {
  const [program = "", ...words] = command;
  const { status, error } = spawnSync(program, words, { env: environment, cwd: folder, stdio: "inherit" });
  if (error) throw error;
  return status ?? 1;
}

/**
 * Runs a program to its end on this process's own terminal. An interrupt goes to the program, which stops in good order, and
 * this process waits for that.
 * @returns its exit code, 1 where a signal ended it
 */
export async function runToItsEnd(
  command: readonly string[],
  { environment = process.env, folder }: Omit<RunOptions, "onLine" | "signal"> = {},
): Promise<number> {
  const [program = "", ...words] = command;
  const child = spawn(program, words, { env: environment, cwd: folder, stdio: "inherit" });
  // from a terminal the interrupt reaches the program by itself, and a second one would make Terraform give up its state
  const onInterrupt = () => process.stdin.isTTY || child.kill("SIGINT");
  const onTerminate = () => child.kill("SIGINT");
  process.on("SIGINT", onInterrupt).on("SIGTERM", onTerminate);
  try {
    const [code] = (await once(child, "close")) as [number | null];
    return code ?? 1;
  } finally {
    process.off("SIGINT", onInterrupt).off("SIGTERM", onTerminate);
  }
}

function interruptProgram(child: ChildProcess): void {
  setTimeout(() => child.kill("SIGINT"), TOLD_BY_TERMINAL_MILLISECONDS).unref();
  setTimeout(() => child.kill("SIGKILL"), GRACE_MILLISECONDS).unref();
}

function lineSplitter(onLine: (line: string) => void): (chunk: string) => void {
  let rest = "";
  return (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line.trimEnd());
  };
}
