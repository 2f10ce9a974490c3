import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { stripVTControlCharacters } from "node:util";

const GRACE_MILLISECONDS = 30_000;
const EXCERPT_LINES = 25;

/** A command of the run ended badly; `excerpt` is what it said of the reason. */
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

/** The run was interrupted while a command was at work; the command has ended. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

export interface ChildOptions {
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
 * @throws ChildFailed when it exits with another code than 0, Interrupted when `signal` was aborted.
 */
export async function runChild(command: readonly string[], options: ChildOptions): Promise<void> {
  options.signal.throwIfAborted();
  const [program = "", ...words] = command;
  const log = createWriteStream(options.log, { flags: "a" });
  const child = spawn(program, words, {
    cwd: options.folder,
    env: options.environment,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.pipe(log, { end: false });
    createInterface({ input: stream }).on("line", (text) => options.onLine?.(text));
  }
  const interrupt = () => interruptTree(child.pid);
  options.signal.addEventListener("abort", interrupt, { once: true });
  try {
    const [code] = await once(child, "close");
    log.end();
    await finished(log);
    if (options.signal.aborted) throw new Interrupted(command.join(" "));
    if (code !== 0) throw new ChildFailed(command.slice(-4).join(" "), excerpt(options.log), options.log);
  } finally {
    options.signal.removeEventListener("abort", interrupt);
  }
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

/** What a log says of its failure: from the first line that names an error, without colours; else its end. */
function excerpt(log: string): string {
  const lines = stripVTControlCharacters(readFileSync(log, "utf8")).trimEnd().split("\n");
  const first = lines.findIndex((line) => /\berror\b/i.test(line));
  return (first < 0 ? lines.slice(-EXCERPT_LINES) : lines.slice(first, first + EXCERPT_LINES)).join("\n");
}
