/** Fields of a line in addition to its level and message, which no field may replace. */
export type LogFields = Readonly<Record<string, unknown>> & {
  timestamp?: never;
  level?: never;
  message?: never;
};

/**
 * Writes one line of JSON, directly to the stream: in Lambda `console` would put a time and a request id
 * before it, and CloudWatch Logs Insights would no longer read it as JSON.
 */
export function log(level: "info" | "warn" | "error", message: string, fields: LogFields = {}): void {
  const timestamp = new Date().toISOString();
  process.stdout.write(`${JSON.stringify({ timestamp, level, message, ...fields })}\n`);
}
