import { type Clock, MINUTE_MS } from "../clock";
import { log } from "../log";

/** Longest wait for a permission: ten times as long as most take. */
const PATIENCE_MS = 2 * MINUTE_MS;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;
const DENIED: readonly string[] = ["AccessDenied", "AccessDeniedException"];

/**
 * Does work that a deploy asks for as soon as the role has its policy, which may not have arrived everywhere: what is
 * denied is tried again, for two minutes. The work must bear to be repeated.
 *
 * @throws what denies it after that time, and any other error immediately
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html (2026-11-30)
 */
export async function whenPermitted<Result>(clock: Clock, work: () => Promise<Result>): Promise<Result> {
  const end = clock.now().getTime() + PATIENCE_MS;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!isDenied(error) || clock.now().getTime() + pause > end) throw error;
      log("warn", "a permission is missing; it may be on its way", { reason: error.message });
      await clock.sleep(pause);
    }
  }
}

function isDenied(error: unknown): error is Error {
  return error instanceof Error && DENIED.includes(error.name);
}
