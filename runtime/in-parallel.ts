import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import type { Clock } from "./clock";

/** Errors by which AWS asks for fewer calls; all of them pass. */
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
 * Runs `work` for every item, at most `atOnce` of them concurrently, whatever fails among them.
 *
 * @returns the errors of the items that failed
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
 * Repeats a throttled call after 0.1 to 0.2 s, then after up to twice as long each time. The SDK retries,
 * too, but all calls of a client share one allowance of retries, which many concurrent throttled calls use
 * up.
 *
 * @param passes tells whether an error is worth another attempt; by default only throttling is
 * @throws the error of the last of six attempts, or the first one that does not pass
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

/** Returns whether AWS throttled a call, which did nothing then. */
export function isThrottled(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error instanceof TransactionCanceledException ? isContended(error) : THROTTLED.has(error.name);
}

/** Returns whether all reasons of the cancellation pass: a failed condition among them would fail again. */
function isContended({ CancellationReasons = [] }: TransactionCanceledException): boolean {
  const codes = CancellationReasons.map(({ Code = "None" }) => Code).filter((code) => code !== "None");
  return codes.length > 0 && codes.every((code) => CONTENDED.has(code));
}
