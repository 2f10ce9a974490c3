import {
  type FilesPlace,
  type LedgerFileStatus,
  MAX_ON_A_PAGE,
} from "../../../runtime/ledger/operator-protocol";
import type { Operator } from "../command/operator";
import type { WaitingStatus } from "../pipelines/choices";
import type { FileRow, WantedFiles } from "../pipelines/files";
import { ask } from "./ask";

const STATUSES: Readonly<Record<WaitingStatus, LedgerFileStatus>> = {
  waiting: "pending",
  failed: "failed",
  quarantined: "quarantined",
};

/** Files of the ledger in that status, by their batches. */
export async function* ledgerFileRows(operator: Operator, { status }: WantedFiles): AsyncGenerator<FileRow> {
  let after: FilesPlace | undefined;
  do {
    const page = await ask(operator, "files", {
      status: STATUSES[status],
      limit: MAX_ON_A_PAGE,
      ...(after && { after }),
    });
    for (const { dataset, key, version, registeredAt, attempts, error } of page.files) {
      const since = registeredAt;
      yield { pipeline: "ledger", dataset, key, version, since, attempts, ...(error !== null && { error }) };
    }
    after = page.next;
  } while (after !== undefined);
}
