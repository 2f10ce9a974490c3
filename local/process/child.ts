import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { stripVTControlCharacters } from "node:util";

const GRACE_MILLISECONDS = 30_000;
const EXCERPT_LINES = 25;
const SUPERVISOR = ["-I", "-S", join(__dirname, "supervisor.py")];

/** Thrown when a command of the run failed; `excerpt` is the part of its output about the reason. */
export class ChildFailed extends Error {
  override readonly name = "ChildFailed";

  constructor(
    readonly command: string,
    readonly excerpt: string,
    readonly log: string,
  ) {
    super(`${command} failed:\n${excerpt}\nthe whole output is in ${log}`);
  }
}

/** The user's signal ends the run. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

export interface ChildOptions {
  /** Interpreter that supervises the command: it ends with this process, however that ends. */
  readonly python: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly folder: string;
  /** The file that takes both output streams of the command. */
  readonly log: string;
  readonly signal: AbortSignal;
  readonly onLine?: (line: string) => void;
}

/**
 * Runs a command in a session of its own, so that Ctrl-C in the terminal reaches it through us alone. On abort it
 * gets SIGINT and time to end by itself; what is left of its descendants after that is killed.
 *
 * @throws ChildFailed when it exits with another code than 0, Error when its log cannot be written, and the reason
 * of `signal` when that was aborted.
 */
export async function runChild(command: readonly string[], options: ChildOptions): Promise<void> {
  options.signal.throwIfAborted();
  const before = existsSync(options.log) ? statSync(options.log).size : 0;
  const child = spawn(options.python, [...SUPERVISOR, ...command], {
    cwd: options.folder,
    env: options.environment,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const interrupt = () => interruptTree(child.pid);
  const log = keepOutput(child, options, interrupt);
  options.signal.addEventListener("abort", interrupt, { once: true });
  try {
    const [code] = await once(child, "close");
    await log.written();
    options.signal.throwIfAborted();
    if (code !== 0) {
      throw new ChildFailed(command.slice(-4).join(" "), excerpt(options.log, before), options.log);
    }
  } finally {
    options.signal.removeEventListener("abort", interrupt);
  }
}

/** Writes the output of a command to its log; ends the command where that is impossible. */
function keepOutput(child: ChildProcess, options: ChildOptions, interrupt: () => void) {
  const log = createWriteStream(options.log, { flags: "a" });
  const written = finished(log).catch((error: Error) => {
    throw new Error(
      `${options.log} cannot be written: ${error.message}; free some disk space, or name another folder by --output`,
      { cause: error },
    );
  });
  written.catch(interrupt);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.pipe(log, { end: false });
    if (stream) createInterface({ input: stream }).on("line", (text) => options.onLine?.(text));
  }
  return {
    written: () => {
      log.end();
      return written;
    },
  };
}

function interruptTree(pid: number | undefined): void {
  if (pid === undefined) return;
  const tree = [pid, ...descendants(pid)];
  send(pid, "SIGINT");
  setTimeout(() => {
    for (const each of tree) send(each, "SIGKILL");
  }, GRACE_MILLISECONDS).unref();
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function descendants(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const row of execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n")) {
    const [pid = 0, parent = 0] = row.trim().split(/\s+/).map(Number);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const of = (pid: number): number[] => (children.get(pid) ?? []).flatMap((child) => [child, ...of(child)]);
  return of(root);
}

/**
 * Part of a log about its failure: from the first line that names an error, without colours; else its end.
 *
 * @param from bytes that other commands wrote before
 */
function excerpt(log: string, from: number): string {
  const said = readFileSync(log).subarray(from).toString();
  const lines = stripVTControlCharacters(said).trimEnd().split("\n");
  const first = lines.findIndex((line) => /\berror\b/i.test(line));
  return (first < 0 ? lines.slice(-EXCERPT_LINES) : lines.slice(first, first + EXCERPT_LINES)).join("\n");
}
