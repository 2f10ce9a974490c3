/**
 * `npm run migrate`: applies the ledger's migrations from a command line, where one takes longer than a function may
 * run. The server and the user are those of libpq's own variables: PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD,
 * PGSSLMODE.
 */
import { join } from "node:path";
import { Client } from "pg";
import { migrate } from "./migrate";
import { readMigrations } from "./read-migrations";

async function main(): Promise<void> {
  const client = new Client({ application_name: "tributary migrate" });
  await client.connect();
  try {
    const applied = await migrate(client, readMigrations(join(__dirname, "migrations")));
    console.log(applied.length === 0 ? "nothing to apply" : `applied ${applied.join(", ")}`);
  } finally {
    await client.end();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
