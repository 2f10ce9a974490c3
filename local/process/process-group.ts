import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";

const POLL_MILLISECONDS = 20;
const living = new Set<ChildProcess>();

// A program that ends without stopping its groups would leave them behind.
process.on("exit", () => {
  for (const child of living) signalGroup(child, "SIGKILL");
});

/** Starts a program in a process group of its own, which this program's end, if nothing else, ends. */
export function spawnGroup(program: string, words: readonly string[], options: SpawnOptions): ChildProcess {
  const child = spawn(program, words, { ...options, detached: true });
  living.add(child);
  child.once("exit", () => living.delete(child));
  child.once("error", () => living.delete(child));
  return child;
}

/** Ends a child with its whole group: SIGTERM, then SIGKILL for what is left after `graceMilliseconds`. */
export async function stopGroup(child: ChildProcess, graceMilliseconds: number): Promise<void> {
  signalGroup(child, "SIGTERM");
  const deadline = performance.now() + graceMilliseconds;
  while (isRunning(child) && performance.now() < deadline) await pause();
  signalGroup(child, "SIGKILL");
  while (isRunning(child)) await pause();
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
