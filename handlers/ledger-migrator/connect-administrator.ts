import { type Client, DatabaseError } from "pg";
import type { connectLedger } from "../../runtime/ledger/connection";
import { LedgerUnreachableError } from "../../runtime/ledger/errors";
import { ADMINISTRATOR } from "../../runtime/ledger/migrations/logins";
import type { FunctionVariables } from "../../runtime/variables";

/** SQLSTATEs of a rejected password, and of a rejected authentication method. */
const REFUSED = new Set(["28P01", "28000"]);

/**
 * Connects as the administrator, with the secret; where that is rejected and the logins use tokens, with a
 * token. Since PostgreSQL 16 the creator of a login is its member, so through membership in `rds_iam` RDS may
 * require a token of the creator, too.
 *
 * @throws LedgerUnreachableError when neither connects
 * @throws LedgerSecretError when the secret holds no login
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
