import { join } from "node:path";
import { Client } from "pg";
import { hasPipeline, loadEnvironment } from "../environments/schema";
import { migrate } from "../runtime/ledger/migrations/migrate";
import { readMigrations } from "../runtime/ledger/migrations/read-migrations";
import { command, runToExitCode } from "../setup/command";
import { CommandError } from "../setup/errors";
import { ROOT } from "../setup/paths";
import { print } from "../setup/terminal";

const MIGRATIONS = join(ROOT, "runtime", "ledger", "migrations", "sql");

/** Migrates by hand, for a migration that takes longer than a function may run. */
async function main({ environment }: { readonly environment?: string }): Promise<number> {
  if (environment !== undefined && !hasPipeline(loadEnvironment(environment), "ledger")) {
    throw new CommandError(`${environment}: the pipeline ledger is off, so there is nothing to migrate`);
  }
  const client = new Client({ application_name: "tributary migrate" });
  try {
    await client.connect();
    const applied = await migrate(client, readMigrations(MIGRATIONS));
    print(applied.length === 0 ? "nothing to apply" : `applied ${applied.join(", ")}`);
    return 0;
  } catch (error) {
    // what the files or the server say; of several addresses that all refuse, Node gives the code alone
    const { message, code } = error as { message?: string; code?: string };
    throw new CommandError(message || code || String(error));
  } finally {
    await client.end();
  }
}

command(
  "migrate",
  "Apply the ledger's migrations to the PostgreSQL server that libpq's variables name " +
    "(PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD, PGSSLMODE). Safe to repeat.",
)
  .option("--environment <name>", "environment of that server: one without a ledger is refused")
  .action((options: { environment?: string }) => runToExitCode(() => main(options)))
  .parseAsync();
