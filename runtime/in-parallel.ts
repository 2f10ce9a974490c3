import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import type { Clock } from "./clock";

/** What AWS answers when it wants fewer calls; all of these pass. */
const THROTTLED = new Set([
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "SlowDown",
  "ThrottledException",
  "ThrottlingException",
  "TooManyRequestsException",
  "TransactionConflictException",
  "TransactionInProgressException",
]);

/** Reasons of a cancelled transaction that pass as well. */
const CONTENDED = new Set(["ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"]);

const ATTEMPTS = 6;
const FIRST_WAIT_MS = 200;

/**
 * Does `work` for every item, at most `atOnce` of them at a time, whatever fails among them.
 *
 * @returns the errors of those that failed
 */
export async function inParallel<Item>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<unknown>,
): Promise<Error[]> {
  const errors: Error[] = [];
  const left = items.values();
  const worker = async () => {
    for (const item of left) {
      await work(item).catch((thrown) =>
        errors.push(thrown instanceof Error ? thrown : new Error(String(thrown))),
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return errors;
}

/**
 * Repeats a call that was throttled after 0.1 to 0.2 s, then up to twice as long each time. The SDK repeats it, too,
 * but all calls of a client share one allowance for that, which many throttled calls at once use up.
 *
 * @param passes whether a call that threw this is repeated; by default only where it was throttled
 * @throws what the last of six attempts threw, or the first error of another kind
 */
export async function withBackoff<Result>(
  clock: Clock,
  call: () => Promise<Result>,
  passes: (error: unknown) => boolean = isThrottled,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (attempt === ATTEMPTS || !passes(error)) throw error;
      await clock.sleep(FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + Math.random() / 2));
    }
  }
}

/** Whether AWS refused a call for there were too many; nothing was done then. */
export function isThrottled(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error instanceof TransactionCanceledException ? isContended(error) : THROTTLED.has(error.name);
}

/** A transaction that met a condition besides would meet it again. */
function isContended({ CancellationReasons = [] }: TransactionCanceledException): boolean {
  const codes = CancellationReasons.map(({ Code = "None" }) => Code).filter((code) => code !== "None");
  return codes.length > 0 && codes.every((code) => CONTENDED.has(code));
}
