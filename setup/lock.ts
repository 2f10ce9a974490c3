import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { setUpInterruption } from "./interruption";

const POLL_MILLISECONDS = 200;
/** How long another is waited for in silence: most hold a lock for a moment. */
const SILENT_MILLISECONDS = 5000;

/**
 * Runs `work` while holding `file`, which names the holding process. Another process waits; a lock whose process
 * has ended (Ctrl-C, power cut) is taken over.
 */
export async function withLock<Result>(
  file: string,
  report: (message: string) => void,
  work: () => Promise<Result>,
  silentMilliseconds = SILENT_MILLISECONDS,
): Promise<Result> {
  mkdirSync(dirname(file), { recursive: true });
  let waitsFor: number | undefined;
  const begun = performance.now();
  while (!acquire(file)) {
    const holder = holderOf(file);
    if (holder === undefined) continue;
    if (!isAlive(holder)) {
      takeAway(file, holder);
      continue;
    }
    if (holder !== waitsFor && performance.now() - begun >= silentMilliseconds) {
      report(`waiting for process ${holder}, which holds ${file}`);
      waitsFor = holder;
    }
    await sleep(POLL_MILLISECONDS, undefined, { signal: setUpInterruption });
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** Makes the lock with its content in one step, so that no one ever reads an empty one. */
function acquire(file: string): boolean {
  const draft = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(draft, String(process.pid));
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft);
  }
}

function holderOf(file: string): number | undefined {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Returns whether a process of that id runs, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Removes the lock of a dead process; one that a live process made in the meantime is put back. */
function takeAway(file: string, dead: number): void {
  const away = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, away);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if (Number(readFileSync(away, "utf8")) !== dead) linkSync(away, file);
  rmSync(away);
}
