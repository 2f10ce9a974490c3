import { join } from "node:path";
import { Client } from "pg";
import { migrate } from "../handlers/shared/ledger-migrations/migrate";
import { readMigrations } from "../handlers/shared/ledger-migrations/read-migrations";
import { command } from "./command";
import { ROOT } from "./setup/paths";

const MIGRATIONS = join(ROOT, "handlers", "shared", "ledger-migrations", "sql");

/** By hand, for a migration that takes longer than a function may run. */
async function main(): Promise<void> {
  const client = new Client({ application_name: "tributary migrate" });
  await client.connect();
  try {
    const applied = await migrate(client, readMigrations(MIGRATIONS));
    console.log(applied.length === 0 ? "nothing to apply" : `applied ${applied.join(", ")}`);
  } finally {
    await client.end();
  }
}

command(
  "migrate",
  "Apply the ledger's migrations to the PostgreSQL server that libpq's variables name " +
    "(PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD, PGSSLMODE). Safe to repeat.",
)
  .action(() =>
    main().catch((error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 1;
    }),
  )
  .parseAsync();
