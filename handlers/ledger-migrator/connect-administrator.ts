import { type Client, DatabaseError } from "pg";
import type { connectLedger } from "../../runtime/ledger/connection";
import { LedgerUnreachableError } from "../../runtime/ledger/errors";
import { ADMINISTRATOR } from "../../runtime/ledger/migrations/logins";
import type { FunctionVariables } from "../../runtime/variables";

/** SQLSTATE of a refused password, and of a refused way to log in. */
const REFUSED = new Set(["28P01", "28000"]);

/**
 * Connects as the administrator, by the secret; where that is refused and the logins use tokens, by a token. Whoever makes
 * a login is its member since PostgreSQL 16, so through its membership in `rds_iam` RDS may want a token of its maker, too.
 *
 * @throws LedgerUnreachableError
 */
export async function connectAdministrator(
  variables: FunctionVariables["ledger-migrator"],
  statement_timeout: number,
  connect: typeof connectLedger,
): Promise<Client> {
  const visitor = { application: "tributary migrator" };
  try {
    return await connect(variables, visitor, { statement_timeout });
  } catch (error) {
    if (variables.LOGIN_AUTHENTICATION !== "iam" || !isRefused(error)) throw error;
    const byToken = { ...variables, LEDGER_AUTHENTICATION: "iam" } as const;
    return connect(byToken, { ...visitor, login: ADMINISTRATOR }, { statement_timeout });
  }
}

function isRefused(error: unknown): boolean {
  if (!(error instanceof LedgerUnreachableError) || !(error.cause instanceof DatabaseError)) return false;
  return REFUSED.has(error.cause.code ?? "");
}
