import { join } from "node:path";
import { whenPermitted } from "../runtime/aws/when-permitted";
import { SYSTEM_CLOCK } from "../runtime/clock";
import { connectLedger } from "../runtime/ledger/connection";
import { readMigrations } from "../runtime/ledger/migrations/read-migrations";
import { readVariables } from "../runtime/variables";
import { connectAdministrator } from "./ledger-migrator/connect-administrator";
import { type Migrated, migrateLedger } from "./ledger-migrator/migrate-ledger";

const variables = readVariables("ledger-migrator");

/** Folder next to this file in its archive. */
const MIGRATIONS = join(__dirname, "sql");

/** Brings the ledger's schema and logins up to date; called at every deploy that has other migrations. */
export const handler = (
  _event: unknown,
  context: { getRemainingTimeInMillis(): number },
): Promise<Migrated> =>
  migrateLedger({
    connect: (statementMs) =>
      whenPermitted(SYSTEM_CLOCK, () => connectAdministrator(variables, statementMs, connectLedger)),
    migrations: readMigrations(MIGRATIONS),
    authentication: variables.LOGIN_AUTHENTICATION,
    remainingMs: () => context.getRemainingTimeInMillis(),
  });
