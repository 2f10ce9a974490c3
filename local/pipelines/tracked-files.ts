import { type AttributeValue, BatchGetItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { dateOf } from "../../runtime/manifests/datasets";
import { headKey, versionKey } from "../../runtime/manifests/tracking";
import type { Upload } from "../inputs/uploads";

const BATCH_GET_KEYS = 100;
/** Statuses that only an operator or a newer version changes. */
const SETTLED = new Set(["completed", "failed", "quarantined", "superseded", "unchanged"]);

/** The file-tracking table, as docs/manifests-pipeline.md describes its keys. */
export interface TrackingTable {
  readonly dynamo: DynamoDBClient;
  readonly name: string;
  readonly shards: number;
}

/** The uploads whose version has an outcome in the tracking table. */
export async function settledOf(table: TrackingTable, uploads: readonly Upload[]): Promise<Set<Upload>> {
  const settled = new Set<Upload>();
  for (let from = 0; from < uploads.length; from += BATCH_GET_KEYS / 2) {
    const batch = uploads.slice(from, from + BATCH_GET_KEYS / 2);
    const items = await read(table, batch);
    for (const upload of batch) {
      const item = items.find(
        ({ file_path, version }) =>
          file_path?.S === `s3://${upload.bucket}/${upload.key}` && version?.S === upload.version,
      );
      if (SETTLED.has(item?.["status"]?.S ?? "")) settled.add(upload);
    }
  }
  return settled;
}

async function read(
  { dynamo, name, shards }: TrackingTable,
  uploads: readonly Upload[],
): Promise<Record<string, AttributeValue>[]> {
  const keys = new Map<string, Record<string, AttributeValue>>();
  for (const { key, version } of uploads) {
    const file = { key, version, date: dateOf(key) };
    for (const { date_prefix, file_name } of [headKey(file, shards), versionKey(file, shards)]) {
      const item = { date_prefix: { S: date_prefix }, file_name: { S: file_name } };
      keys.set(`${date_prefix} ${file_name}`, item);
    }
  }
  const { Responses = {} } = await dynamo.send(
    new BatchGetItemCommand({ RequestItems: { [name]: { Keys: [...keys.values()], ConsistentRead: true } } }),
  );
  return Responses[name] ?? [];
}
