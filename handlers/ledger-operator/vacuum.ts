import type { Holder, TableHealth, VacuumCheck, Wraparound } from "../../runtime/ledger/operator-protocol";
import { findingsOf } from "./findings";
import { type Ledger, rowOf, rowsOf } from "./ledger";
import { NOW } from "./statements";
import { HOLDERS, SEES_ALL_SESSIONS, TABLES, WRAPAROUND } from "./vacuum-statements";

const MAX_HOLDERS = 10;

/**
 * Checks the server's cleaning, and reports what needs action.
 *
 * @throws LedgerUnreachableError as `Ledger.read` does
 */
export function checkVacuum(ledger: Ledger): Promise<VacuumCheck> {
  return ledger.read(async (client) => {
    const { at } = await rowOf<{ at: string }>(client, NOW);
    const { sees } = await rowOf<{ sees: boolean }>(client, SEES_ALL_SESSIONS);
    const found = {
      at,
      seesAllSessions: sees,
      holders: await rowsOf<Holder>(client, HOLDERS, [MAX_HOLDERS]),
      tables: await rowsOf<TableHealth>(client, TABLES),
      wraparound: await rowOf<Wraparound>(client, WRAPAROUND),
    };
    return { ...found, findings: findingsOf(found) };
  });
}
