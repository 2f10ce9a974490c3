/** What a line says beside its level and message, which no field may replace. */
export type LogFields = Readonly<Record<string, unknown>> & {
  timestamp?: never;
  level?: never;
  message?: never;
};

/**
 * Writes one line of JSON. It goes to the stream directly: `console` would put a time and a request id before
 * it in Lambda, and the line would no longer be JSON to CloudWatch Logs Insights.
 */
export function log(level: "info" | "warn" | "error", message: string, fields: LogFields = {}): void {
  const timestamp = new Date().toISOString();
  process.stdout.write(`${JSON.stringify({ timestamp, level, message, ...fields })}\n`);
}
