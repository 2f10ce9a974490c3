import type { AttributeValue } from "@aws-sdk/client-dynamodb";

const METRICS_KEPT_SECONDS = 30 * 86_400;

/** When a row of the metrics table expires that is of `time`, in milliseconds. */
export function expiry(time: number): AttributeValue {
  return { N: String(Math.floor(time / 1_000) + METRICS_KEPT_SECONDS) };
}
