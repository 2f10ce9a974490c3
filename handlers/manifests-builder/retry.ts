import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { isConditionFailure } from "../../runtime/aws/dynamo";
import type { Clock } from "../../runtime/clock";
import { isThrottled, withBackoff } from "../../runtime/in-parallel";

/** Makes a call, and repeats it when it may pass the next time. */
export type Retry = <Result>(call: () => Promise<Result>) => Promise<Result>;

/** Names of errors after which it is unknown whether the call was done, or which S3 asks to repeat (409). */
const PASSING = new Set([
  "ConditionalRequestConflict",
  "InternalError",
  "InternalServerError",
  "ServiceUnavailable",
  "TimeoutError",
]);

/**
 * Retries calls. Every call of the builder may be repeated: its writes are conditional, and it recognizes its
 * own.
 */
export function retrying(clock: Clock): Retry {
  return (call) => withBackoff(clock, call, mayPass);
}

function mayPass(error: unknown): boolean {
  if (isThrottled(error)) return true;
  if (!(error instanceof Error)) return false;
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  // a transaction that met another one, or a throttle, in none of its conditions
  if (error instanceof TransactionCanceledException) return !isConditionFailure(error);
  return PASSING.has(error.name) || ($metadata?.httpStatusCode ?? 0) >= 500 || isNetworkError(error);
}

function isNetworkError(error: Error): boolean {
  return ["ECONNRESET", "ECONNREFUSED", "EPIPE", "ETIMEDOUT"].includes(
    String((error as { code?: unknown }).code),
  );
}
