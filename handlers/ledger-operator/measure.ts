import { emitMetrics } from "../../runtime/aws/embedded-metrics";
import type { LedgerMeasures, LedgerMetric } from "../../runtime/ledger/operator-protocol";
import { type Ledger, rowOf } from "./ledger";
import type { LedgerOperator } from "./operator";
import { expireSmokeTests } from "./smoke";
import {
  COUNT_FAILED_FILES,
  COUNT_REFUSED,
  COUNT_UNPUBLISHED,
  OLDEST_CLAIMABLE,
  QUARANTINED_TODAY,
  TAKE_OVERS,
} from "./statements";
import { countQueue } from "./status";
import { OLDEST_TRANSACTION } from "./vacuum-statements";

/**
 * Writes the metrics that alarms watch, and lets what smoke tests left expire: the schedule's work.
 *
 * @throws LedgerUnreachableError as `Ledger.read` and `Ledger.write` do
 */
export async function measure({ ledger, emf }: LedgerOperator): Promise<LedgerMeasures> {
  const measures = await readMeasures(ledger);
  const metrics = Object.entries(measures).map(([name, value]) => ({ name, value, unit: unitOf(name) }));
  emitMetrics(emf, metrics);
  await expireSmokeTests(ledger);
  return measures;
}

function unitOf(name: string): "Seconds" | "Count" {
  return name.endsWith("Seconds") ? "Seconds" : "Count";
}

function readMeasures(ledger: Ledger): Promise<LedgerMeasures> {
  return ledger.read(async (client) => {
    const counted = async (statement: string) =>
      (await rowOf<{ counted: number }>(client, statement)).counted;
    const seconds = async (statement: string) =>
      (await rowOf<{ seconds: number | null }>(client, statement)).seconds ?? 0;
    return {
      LedgerQueuedFiles: (await countQueue(client)).count,
      LedgerFailedFiles: await counted(COUNT_FAILED_FILES),
      LedgerQuarantinedFiles: await counted(QUARANTINED_TODAY),
      LedgerRefusedKeys: await counted(COUNT_REFUSED),
      LedgerOldestClaimableSeconds: await seconds(OLDEST_CLAIMABLE),
      LedgerLeaseTakeovers: await counted(TAKE_OVERS),
      LedgerUnpublishedCommits: await counted(COUNT_UNPUBLISHED),
      LedgerOldestTransactionSeconds: await seconds(OLDEST_TRANSACTION),
    } satisfies Record<LedgerMetric, number>;
  });
}
