/** Logins of the programs that work with the ledger. None has a password. */
import type { ClientBase } from "pg";
import { locked } from "./lock";

/** Authentication of the logins, as in `LEDGER_AUTHENTICATION`. */
export type LoginAuthentication = "iam" | "secret" | "none";

/** Logins, each with the groups that it is a member of. */
export const LOGINS = {
  tributary_lister: ["ledger_lister"],
  tributary_registrar: ["ledger_registrar"],
  tributary_batch: ["ledger_batch"],
  // acts as one of them at a time, by SET ROLE: what only looks cannot write
  tributary_operator: ["ledger_operator", "ledger_maintainer"],
} as const;

export type Login = keyof typeof LOGINS;

/** Master user that a managed server is created with. */
export const ADMINISTRATOR = "postgres";

/**
 * Creates the logins that are missing; safe to repeat. With `iam` they may use IAM tokens. With `secret` none
 * is created: everybody connects as the secret's user, who is the current one, and may act as each of the
 * groups.
 *
 * @param client connected as the user that created the groups, on a migrated database
 * @returns the logins that exist now
 */
export async function ensureLogins(
  client: ClientBase,
  authentication: LoginAuthentication,
): Promise<string[]> {
  return locked(client, async () => {
    await client.query("RESET ROLE");
    await allowMonitoring(client);
    if (authentication === "secret") {
      const groups = [...new Set(Object.values(LOGINS).flat())];
      await client.query(`GRANT ${groups.join(", ")} TO CURRENT_USER WITH SET TRUE, INHERIT FALSE`);
      return [];
    }
    for (const login of Object.keys(LOGINS) as Login[]) await ensureLogin(client, login, authentication);
    return Object.keys(LOGINS);
  });
}

async function ensureLogin(
  client: ClientBase,
  login: Login,
  authentication: LoginAuthentication,
): Promise<void> {
  const groups: readonly string[] = LOGINS[login];
  const { rowCount } = await client.query("SELECT FROM pg_roles WHERE rolname = $1", [login]);
  if (rowCount === 0) await client.query(`CREATE ROLE ${login} LOGIN`);
  const inherit = groups.length === 1 ? "TRUE" : "FALSE";
  await client.query(`GRANT ${groups.join(", ")} TO ${login} WITH SET TRUE, INHERIT ${inherit}`);
  if (authentication === "iam") await client.query(`GRANT rds_iam TO ${login}`);
}

/**
 * Lets the operator monitor old transactions. Without the right to grant that, `oldest_transaction_seconds`
 * stays empty.
 */
async function allowMonitoring(client: ClientBase): Promise<void> {
  const { rows } = await client.query(
    "SELECT pg_has_role('pg_monitor', 'MEMBER WITH ADMIN OPTION') AS can_grant",
  );
  if (rows[0].can_grant) await client.query("GRANT pg_monitor TO ledger_operator");
}
