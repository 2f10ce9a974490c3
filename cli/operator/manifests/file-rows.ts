import type { OpenStatus } from "../../../runtime/manifests/tracking";
import type { Operator } from "../command/operator";
import type { WaitingStatus } from "../pipelines/choices";
import type { FileRow, WantedFiles } from "../pipelines/files";
import { datasetOfKey } from "../pipelines/meant";
import { openFiles } from "./tracking";

const STATUSES: Readonly<Record<WaitingStatus, OpenStatus>> = {
  waiting: "manifested",
  failed: "failed",
  quarantined: "quarantined",
};

/** Files of the manifests pipeline in that status, the oldest of each shard of the index first. */
export async function* manifestsFileRows(
  operator: Operator,
  { status }: WantedFiles,
): AsyncGenerator<FileRow> {
  for await (const { key, version, createdAt } of openFiles(operator, STATUSES[status])) {
    const dataset = datasetOfKey(key)?.name;
    yield {
      pipeline: "manifests",
      key,
      since: createdAt,
      ...(dataset && { dataset }),
      ...(version && { version }),
    };
  }
}
