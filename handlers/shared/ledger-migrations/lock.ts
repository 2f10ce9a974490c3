import type { ClientBase } from "pg";

/** What two programs at once meet at: any number that nothing else locks. */
const LOCK = 7_246_118_350;

/** Does work that two programs must not do at once: the second waits. */
export async function locked<Result>(client: ClientBase, work: () => Promise<Result>): Promise<Result> {
  await client.query("SELECT pg_advisory_lock($1)", [LOCK]);
  try {
    return await work();
  } finally {
    await client.query("SELECT pg_advisory_unlock($1)", [LOCK]);
  }
}
