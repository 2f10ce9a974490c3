import { createHash } from "node:crypto";
import { type AttributeValue, BatchGetItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Upload } from "./uploads";

const BATCH_GET_KEYS = 100;
/** Statuses that only an operator or a newer version changes. */
const SETTLED = new Set(["completed", "failed", "quarantined", "superseded", "unchanged"]);

/** The file-tracking table, as docs/manifest-pipeline.md describes its keys. */
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
    const partition = partitionOf(key, shards);
    keys.set(key, { date_prefix: { S: partition }, file_name: { S: key } });
    keys.set(`${key}#${version}`, {
      date_prefix: { S: `${partition}#versions` },
      file_name: { S: `${key}#${version}` },
    });
  }
  const { Responses = {} } = await dynamo.send(
    new BatchGetItemCommand({ RequestItems: { [name]: { Keys: [...keys.values()], ConsistentRead: true } } }),
  );
  return Responses[name] ?? [];
}

/** Partition of the item of a file's newest version; those of older ones have `#versions` behind it. */
export function partitionOf(key: string, shards: number): string {
  const shard = Number.parseInt(createHash("sha256").update(key).digest("hex").slice(0, 8), 16) % shards;
  return `${dateOf(key) ?? "undated"}#${String(shard).padStart(2, "0")}`;
}

/** The date that a file's name begins with, if it is a name of the pipeline's and the date a real one. */
function dateOf(key: string): string | undefined {
  const name = key.slice(key.lastIndexOf("/") + 1);
  const [, date = ""] = /^(\d{4}-\d{2}-\d{2})-.*\.ndjson(?:\.gz)?$/s.exec(name) ?? [];
  const time = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date) ? date : undefined;
}
