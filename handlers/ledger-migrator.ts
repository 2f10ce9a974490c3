import { join } from "node:path";
import { type Migrated, migrateLedger } from "./ledger-migrator/migrate-ledger";
import { connectLedger } from "./shared/ledger/connection";
import { readMigrations } from "./shared/ledger-migrations/read-migrations";
import { readVariables } from "./shared/variables";

const variables = readVariables("ledger-migrator");

/** Beside this file in its archive. */
const MIGRATIONS = join(__dirname, "sql");

/** Brings the ledger's schema and logins up to date; called at every deploy that has other migrations. */
export const handler = (
  _event: unknown,
  context: { getRemainingTimeInMillis(): number },
): Promise<Migrated> =>
  migrateLedger({
    connect: (statement_timeout) =>
      connectLedger(variables, { application: "tributary migrator" }, { statement_timeout }),
    migrations: readMigrations(MIGRATIONS),
    authentication: variables.LOGIN_AUTHENTICATION,
    remainingMs: () => context.getRemainingTimeInMillis(),
  });
