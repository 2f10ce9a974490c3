import { setTimeout as sleep } from "node:timers/promises";
import { type Check, type Finding, notChecked } from "./check";
import type { Examination } from "./examination";
import { isThrottled, TookTooLong, unchecked } from "./unchecked";

/** Finding with the check that found it. */
export interface Result extends Finding {
  readonly group: Check["group"];
  readonly check: string;
}

/** Looks of a check that AWS throttles, the last of which counts. */
const LOOKS = 5;

export interface ExamineOptions {
  /** First of the pauses after a look that AWS throttled, each twice as long as the one before. */
  readonly pauseMilliseconds: number;
  /** Time limit of each check. */
  readonly limitMilliseconds: number;
  /** Aborted by Ctrl-C: nothing more is waited for. */
  readonly signal: AbortSignal;
  /** Receives the number of checks that have ended. */
  readonly onEnd: (ended: number) => void;
}

/** Makes all checks concurrently; an error of one is its finding. In the checks' order, whichever ends first. */
export async function examine(
  checks: readonly Check[],
  examination: Examination,
  { limitMilliseconds, pauseMilliseconds, signal, onEnd }: ExamineOptions,
): Promise<Result[]> {
  signal.throwIfAborted();
  let ended = 0;
  const limits = new Limits(limitMilliseconds);
  const made = checks.map(async (check) => {
    const findings = await limits
      .within(makeUnthrottled(check, examination, pauseMilliseconds))
      .catch((error) => [unchecked(error, check)]);
    if (signal.aborted) return [];
    ended += 1;
    onEnd(ended);
    return findings.map((finding) => ({ group: check.group, check: check.name, ...finding }));
  });
  try {
    return (await Promise.race([Promise.all(made), aborted(signal)])).flat();
  } finally {
    limits.clear();
  }
}

/** All checks ask at once, which may be more than AWS answers: what it throttles is asked again. */
async function makeUnthrottled(
  check: Check,
  examination: Examination,
  pauseMilliseconds: number,
): Promise<readonly Finding[]> {
  for (let look = 1; ; look += 1) {
    try {
      return await make(check, examination);
    } catch (error) {
      if (look === LOOKS || !isThrottled(error)) throw error;
      // what nobody waits for any more keeps no process
      await sleep(pauseMilliseconds * 2 ** (look - 1), undefined, { ref: false });
    }
  }
}

async function make(check: Check, examination: Examination): Promise<readonly Finding[]> {
  const isOfAccount = check.group === "account" || check.group === "deployed";
  const foreign = isOfAccount ? await foreignAccount(examination) : undefined;
  return foreign === undefined ? check.look(examination) : [foreign];
}

/** Keeps what another account has from being told as the environment's. */
async function foreignAccount({ caller, environment }: Examination): Promise<Finding | undefined> {
  try {
    const { account } = await caller();
    return account === environment.account
      ? undefined
      : notChecked(`credentials of account ${environment.account}`);
  } catch (error) {
    return unchecked(error, { actions: ["sts:GetCallerIdentity"] });
  }
}

/** Time limit of each of several works. */
class Limits {
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(private readonly milliseconds: number) {}

  /** Waits for `work` until the time limit; the work itself goes on, and what it still finds is lost. */
  within<Answer>(work: Promise<Answer>): Promise<Answer> {
    const limit = new Promise<never>((_, reject) => {
      const timer = setTimeout(() => reject(new TookTooLong(this.milliseconds)), this.milliseconds);
      this.timers.push(timer);
    });
    return Promise.race([work, limit]);
  }

  /** Lets the process end, whatever is still within its time. */
  clear(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }
}

/** Rejects at Ctrl-C. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
