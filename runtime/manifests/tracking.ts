import { createHash } from "node:crypto";
import {
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { type Item, itemOnConditionFailure, updateExpression } from "../aws/dynamo";
import { smokeExpiry } from "../smoke";

/** Tracking table, of files. `shards` spreads the files of one date over as many partitions. */
export interface TrackingTable {
  client: DynamoDBClient;
  name: string;
  shards: number;
}

/** Parts of the table's keys of a file; no date: its name has none. */
export interface FileKey {
  readonly date?: string | undefined;
  /** Object key. */
  readonly key: string;
}

/** Keys of one version of a file. */
export interface FileVersionKey extends FileKey {
  readonly version: string;
}

/**
 * Status of an open item. `manifested`: claimed, whether or not the manifest exists yet; the others are
 * outcomes. An item with one of these three is in the index `open` and never expires, but for those of smoke tests' files.
 */
export type OpenStatus = "manifested" | "failed" | "quarantined";
export type FinishedStatus = "completed" | "superseded" | "unchanged";
export type FileStatus = OpenStatus | FinishedStatus;

/** Item of the table: the head of a file, or one of its other versions. Times are ISO 8601 in UTC. */
export interface TrackedFile extends FileVersionKey {
  readonly bucket: string;
  /** Dataset; absent where the file is of no declared one. */
  readonly dataset?: string | undefined;
  /** Bytes. */
  readonly size: number;
  readonly sequencer?: string | undefined;
  readonly uploadedAt: string;
  /**
   * Revision: 1 or, for a late file, more for the first published version of the file; 0 while there was
   * none.
   */
  readonly revision: number;
  readonly status: FileStatus;
  /** Key of the manifest that claims the version; absent where it was rejected before. */
  readonly manifestPath?: string | undefined;
  readonly createdAt: string;
  /** Time of the claim, where it is claimed. */
  readonly updatedAt: string;
  readonly jobRunId?: string | undefined;
  readonly errorMessage?: string | undefined;
  /** Generation of the receipt that gave it its status. */
  readonly generation?: number | undefined;
  /** Time, in epoch seconds, from which DynamoDB may delete the item. */
  readonly ttl?: number | undefined;
}

/** Keys of one table item. */
export interface ItemKey {
  readonly date_prefix: string;
  readonly file_name: string;
}

/**
 * Maximum length of a key, in UTF-8 bytes, that leaves room for the version next to it in a key of the table.
 */
export const LONGEST_KEY = 900;

/** Number of partitions of each status in the index. */
const OPEN_SHARDS = 16;

/**
 * Retention of a finished item, in seconds. A message lives 14 days, and 14 more when it is redriven: an item
 * that expired before would let its file in again.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html (2026-11-29)
 */
const FINISHED_SECONDS = 30 * 86_400;

const OPEN: ReadonlySet<FileStatus> = new Set<FileStatus>(["manifested", "failed", "quarantined"]);

/** Shard of a file: the first 8 hex digits of its key's SHA-256, modulo the shards. */
export function shardOf(key: string, shards: number): number {
  return Number.parseInt(digestOf(key).slice(0, 8), 16) % shards;
}

function digestOf(key: string): string {
  return createHash("sha256").update(key, "utf8").digest("hex");
}

/** Partition of a date's heads in one shard, e.g. `2026-01-31#07`. */
export function headPartition(date: string | undefined, shard: number): string {
  return `${date ?? "undated"}#${twoDigits(shard)}`;
}

/** Key of a file's head: the item of its newest accepted version. */
export function headKey(file: FileKey, shards: number): ItemKey {
  return { date_prefix: headPartition(file.date, shardOf(file.key, shards)), file_name: file.key };
}

/**
 * Key of the item of a version that is not, or no longer, the head. DynamoDB takes a sort key of 1,024 bytes,
 * as many as S3 takes for an object's key alone: a digest replaces a key that leaves no room for the version.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html (2026-11-29)
 */
export function versionKey(file: FileVersionKey, shards: number): ItemKey {
  const { date_prefix } = headKey(file, shards);
  const name = Buffer.byteLength(file.key) > LONGEST_KEY ? digestOf(file.key) : file.key;
  return { date_prefix: `${date_prefix}#versions`, file_name: `${name}#${file.version}` };
}

/** Partitions of the index that hold a status. */
export function openPartitions(status: OpenStatus): string[] {
  return Array.from({ length: OPEN_SHARDS }, (_, shard) => openPartition(status, shard));
}

function openPartition(status: FileStatus, shard: number): string {
  return `${status}#${twoDigits(shard % OPEN_SHARDS)}`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}

/** Value of `ttl` for an item that is finished at `now`, in epoch seconds. */
export function finishedTtl(now: Date): number {
  return Math.floor(now.getTime() / 1_000) + FINISHED_SECONDS;
}

/** Builds the item of a file under `key`; its status decides index and expiry, which each of a smoke test's file has. */
export function toItem(file: TrackedFile, key: ItemKey, shards: number): Item {
  const open = OPEN.has(file.status);
  const ttl = smokeExpiry(file.key, new Date(file.updatedAt)) ?? (open ? undefined : file.ttl);
  return {
    date_prefix: { S: key.date_prefix },
    file_name: { S: key.file_name },
    ...text("dataset", file.dataset),
    version: { S: file.version },
    ...text("sequencer", file.sequencer),
    uploaded_at: { S: file.uploadedAt },
    revision: { N: String(file.revision) },
    status: { S: file.status },
    ...text("manifest_path", file.manifestPath),
    file_path: { S: `s3://${file.bucket}/${file.key}` },
    file_size_mb: { N: megabytes(file.size) },
    created_at: { S: file.createdAt },
    updated_at: { S: file.updatedAt },
    ...text("job_run_id", file.jobRunId),
    ...text("error_message", file.errorMessage),
    ...(file.generation === undefined ? {} : { generation: { N: String(file.generation) } }),
    ...(ttl === undefined ? {} : { ttl: { N: String(ttl) } }),
    ...(open ? { open_shard: { S: openPartition(file.status, shardOf(file.key, shards)) } } : {}),
  };
}

function text(name: string, value: string | undefined): Item {
  return value === undefined ? {} : { [name]: { S: value } };
}

/** Converts bytes to units of 10^6, exactly. */
function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 1e6)}.${String(bytes % 1e6).padStart(6, "0")}`;
}

/** Parses an item. */
export function fromItem(item: Item): TrackedFile {
  const path = item["file_path"]?.S ?? "";
  const [, bucket = "", key = ""] = /^s3:\/\/([^/]+)\/(.*)$/s.exec(path) ?? [];
  const date = item["date_prefix"]?.S?.split("#")[0];
  return {
    bucket,
    key,
    date: date === "undated" ? undefined : date,
    version: item["version"]?.S ?? "",
    dataset: item["dataset"]?.S,
    size: Math.round(Number(item["file_size_mb"]?.N ?? 0) * 1e6),
    sequencer: item["sequencer"]?.S,
    uploadedAt: item["uploaded_at"]?.S ?? "",
    revision: Number(item["revision"]?.N ?? 0),
    status: (item["status"]?.S ?? "") as FileStatus,
    manifestPath: item["manifest_path"]?.S,
    createdAt: item["created_at"]?.S ?? "",
    updatedAt: item["updated_at"]?.S ?? "",
    jobRunId: item["job_run_id"]?.S,
    errorMessage: item["error_message"]?.S,
    generation: item["generation"]?.N === undefined ? undefined : Number(item["generation"].N),
    ttl: item["ttl"]?.N === undefined ? undefined : Number(item["ttl"].N),
  };
}

/** Reads the item under `key`, consistently. */
export async function readTracked(table: TrackingTable, key: ItemKey): Promise<TrackedFile | undefined> {
  const get = new GetItemCommand({
    TableName: table.name,
    Key: { date_prefix: { S: key.date_prefix }, file_name: { S: key.file_name } },
    ConsistentRead: true,
  });
  const { Item } = await table.client.send(get);
  return Item && fromItem(Item);
}

/** Puts the item unless its key is taken; returns the item that holds the key. */
export async function putIfNew(
  table: TrackingTable,
  key: ItemKey,
  file: TrackedFile,
): Promise<TrackedFile | undefined> {
  const put = new PutItemCommand({
    TableName: table.name,
    Item: toItem(file, key, table.shards),
    ConditionExpression: "attribute_not_exists(file_name)",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
  const item = await itemOnConditionFailure(table.client.send(put));
  return item && fromItem(item);
}

/** Outcome of a file in the streaming job. */
export interface FileEnd {
  readonly status: "completed" | "failed" | "quarantined";
  /** Key of the manifest that lists the version: an item that another manifest claims stays unchanged. */
  readonly manifestPath: string;
  /** Generation of the receipt with this outcome: the outcome of a newer one stays. */
  readonly generation: number;
  readonly jobRunId?: string | undefined;
  readonly errorMessage?: string | undefined;
}

/**
 * Records the outcome of a version in its item: the head, else the item of the replaced version. One write
 * for a head. "same": the item already has that status, or that of a newer generation; "elsewhere": no item
 * of this version names that manifest.
 */
export async function endFile(
  table: TrackingTable,
  file: FileVersionKey,
  end: FileEnd,
  now: Date,
): Promise<"written" | "same" | "elsewhere"> {
  const head = await endItem(table, headKey(file, table.shards), file, end, now);
  if (head !== "elsewhere") return head;
  return endItem(table, versionKey(file, table.shards), file, end, now);
}

async function endItem(
  table: TrackingTable,
  key: ItemKey,
  file: FileVersionKey,
  end: FileEnd,
  now: Date,
): Promise<"written" | "same" | "elsewhere"> {
  const item = await itemOnConditionFailure(table.client.send(endUpdate(table, key, file, end, now)));
  if (!item) return "written";
  const { version, manifestPath } = fromItem(item);
  return version === file.version && manifestPath === end.manifestPath ? "same" : "elsewhere";
}

function endUpdate(
  table: TrackingTable,
  key: ItemKey,
  file: FileVersionKey,
  end: FileEnd,
  now: Date,
): UpdateItemCommand {
  const finished = !OPEN.has(end.status);
  const ttl = smokeExpiry(file.key, now) ?? (finished ? finishedTtl(now) : undefined);
  const values: Item = {
    status: { S: end.status },
    updated_at: { S: now.toISOString() },
    generation: { N: String(end.generation) },
    ...text("job_run_id", end.jobRunId),
    ...text("error_message", end.errorMessage),
    ...(ttl === undefined ? {} : { ttl: { N: String(ttl) } }),
    ...(finished ? {} : { open_shard: { S: openPartition(end.status, shardOf(file.key, table.shards)) } }),
  };
  const removed = ["error_message", "ttl", "open_shard"].filter((name) => !(name in values));
  const update = updateExpression(values, removed);
  return new UpdateItemCommand({
    ...update,
    TableName: table.name,
    Key: { date_prefix: { S: key.date_prefix }, file_name: { S: key.file_name } },
    // what is not there is not greater
    ConditionExpression:
      "version = :version AND manifest_path = :manifest AND #status <> :status AND NOT #generation > :generation",
    ExpressionAttributeValues: {
      ...update.ExpressionAttributeValues,
      ":version": { S: file.version },
      ":manifest": { S: end.manifestPath },
    },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
}
