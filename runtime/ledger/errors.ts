/**
 * Thrown when no connection could be made, or when it broke where the work must not be repeated. A retry may
 * help.
 */
export class LedgerUnreachableError extends Error {
  override readonly name = "LedgerUnreachableError";

  constructor(cause: unknown) {
    super(`the ledger does not answer: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Thrown when the secret exists but holds no login. No retry helps. */
export class LedgerSecretError extends Error {
  override readonly name = "LedgerSecretError";

  constructor(arn: string) {
    super(`the secret ${arn} holds no login: a JSON object with "username" and "password" would do`);
  }
}
