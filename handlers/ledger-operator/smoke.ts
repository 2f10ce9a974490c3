import { isSmokeKey } from "../../runtime/smoke";
import { UnreadableRequestError } from "./errors";
import { type Ledger, rowOf } from "./ledger";
import { FORGET_SMOKE_TEST } from "./statements";

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
