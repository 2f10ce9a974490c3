import { setTimeout as sleep } from "node:timers/promises";
import type { ClientBase } from "pg";

/** Advisory lock that serializes two programs: any number that nothing else locks. */
const LOCK = 7_246_118_350;
const PAUSE_MS = 200;

/** Runs work that two programs must not do concurrently: the second waits, however long that takes. */
export async function locked<Result>(client: ClientBase, work: () => Promise<Result>): Promise<Result> {
  // Who waits inside of a statement has a snapshot, and CREATE INDEX CONCURRENTLY of the other would wait for that.
  while (!(await isMine(client))) await sleep(PAUSE_MS);
  try {
    return await work();
  } finally {
    await client.query("SELECT pg_advisory_unlock($1)", [LOCK]);
  }
}

async function isMine(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query("SELECT pg_try_advisory_lock($1) AS is_mine", [LOCK]);
  return rows[0].is_mine;
}
