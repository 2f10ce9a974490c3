import type { OpenStatus } from "../../../runtime/manifests/tracking";
import { KEYS_A_READ } from "../command/items";
import type { Operator } from "../command/operator";
import { inGroups } from "../command/together";
import type { WaitingStatus } from "../pipelines/choices";
import type { FileRow, WantedFiles } from "../pipelines/files";
import { datasetOfKey } from "../pipelines/meant";
import { openFiles, readOpen } from "./tracking";

const STATUSES: Readonly<Record<WaitingStatus, OpenStatus>> = {
  waiting: "manifested",
  failed: "failed",
  quarantined: "quarantined",
};

/** Files of the manifests pipeline in that status, the oldest of each shard of the index first; it has no errors. */
export async function* manifestsFileRows(
  operator: Operator,
  { status }: WantedFiles,
): AsyncGenerator<FileRow> {
  const open = STATUSES[status];
  for await (const group of inGroups(openFiles(operator, open), KEYS_A_READ)) {
    const files = (await readOpen(operator, group)).filter((file) => file.status === open);
    for (const { key, version, createdAt, updatedAt, errorMessage } of files) {
      const dataset = datasetOfKey(key)?.name;
      yield {
        pipeline: "manifests",
        key,
        version,
        since: open === "quarantined" ? updatedAt : createdAt,
        ...(dataset && { dataset }),
        ...(errorMessage !== undefined && { error: errorMessage }),
      };
    }
  }
}
