import { isSmokeKey, SMOKE_ROW_DAYS } from "../../runtime/smoke";
import { UnreadableRequestError } from "./errors";
import { type Ledger, rowOf } from "./ledger";
import { EXPIRE_SMOKE_TESTS, FORGET_SMOKE_TEST } from "./statements";

/**
 * Removes all that the ledger keeps of a smoke test's file. One that a run works on stays, and counts as none.
 *
 * @throws UnreadableRequestError for the key of any other file
 */
export async function forgetSmokeTest(ledger: Ledger, key: unknown): Promise<{ readonly files: number }> {
  if (typeof key !== "string" || !isSmokeKey(key)) {
    throw new UnreadableRequestError("key", key, "the key of a smoke test's file");
  }
  return ledger.write((client) => rowOf<{ files: number }>(client, FORGET_SMOKE_TEST, [key]));
}

/** Removes what the ledger keeps of smoke tests of long ago, which DynamoDB's tables do by themselves. */
export async function expireSmokeTests(ledger: Ledger): Promise<void> {
  await ledger.write((client) => rowOf(client, EXPIRE_SMOKE_TESTS, [SMOKE_ROW_DAYS]));
}
