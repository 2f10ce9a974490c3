import type { DescribedBatch } from "../../runtime/ledger/operator-protocol";
import { type Ledger, rowsOf } from "./ledger";
import { DESCRIBE_BATCH, QUARANTINED_OF_BATCH } from "./statements";

const MAX_QUARANTINED = 100;

/**
 * Reads all that the ledger holds about a batch, the ids of its files left out.
 *
 * @throws LedgerUnreachableError as `Ledger.read` does
 */
export function describeBatch(ledger: Ledger, id: number): Promise<DescribedBatch | null> {
  return ledger.read(async (client) => {
    const [batch] = await rowsOf<Omit<DescribedBatch, "quarantined">>(client, DESCRIBE_BATCH, [id]);
    if (batch === undefined) return null;
    const quarantined = await rowsOf<DescribedBatch["quarantined"][number]>(client, QUARANTINED_OF_BATCH, [
      id,
      MAX_QUARANTINED,
    ]);
    return { ...batch, quarantined };
  });
}
