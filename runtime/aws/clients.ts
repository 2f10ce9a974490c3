/**
 * Settings of every AWS client. Six attempts: the SDK waits up to 0.5, 1, 2, 4 and 8 s between throttled ones,
 * so a call gives up within 16 s of waiting and leaves the rest to Lambda's own retries. The SDK has no time
 * limit of its own: a connection that hangs would take the function's whole timeout.
 */
export const CLIENT_SETTINGS = {
  maxAttempts: 6,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 15_000, throwOnRequestTimeout: true },
};
