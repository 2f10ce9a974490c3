import {
  type AttributeValue,
  type DynamoDBClient,
  paginateQuery,
  type QueryCommandInput,
} from "@aws-sdk/client-dynamodb";
import { type Environment, trackingTableName } from "../../../environments/schema";
import type { Item } from "../../../runtime/aws/dynamo";
import { OPEN_INDEX } from "../../../runtime/indexes";
import { dateOf, UNDATED } from "../../../runtime/manifests/datasets";
import { compareUtf8 } from "../../../runtime/manifests/manifests";
import {
  type FileStatus,
  fromItem,
  headKey,
  headPartition,
  type OpenStatus,
  openPartitions,
  readTracked,
  type TrackedFile,
  type TrackingTable,
  versionKey,
} from "../../../runtime/manifests/tracking";
import { SMOKE_PREFIXES } from "../../../runtime/smoke";
import { readItems } from "../command/items";
import type { Operator } from "../command/operator";
import { beginningTogether } from "../command/together";
import { OPEN_STATUSES } from "./choices";

/** Unfinished file, as the index holds it. */
export interface OpenFile {
  readonly date?: string;
  readonly key: string;
  /** Absent: it is the head of its key. */
  readonly version?: string;
  readonly createdAt: string;
  readonly manifestPath?: string;
}

/** Items that are read for the first one: those before it may be of smoke tests. */
const PAGE = 5;

export interface Wanted {
  readonly status?: FileStatus | undefined;
  readonly dataset?: string | undefined;
}

export function isOpen(status: FileStatus | undefined): status is OpenStatus {
  return status !== undefined && OPEN_STATUSES.some((open) => open === status);
}

export function trackingTable({ aws, environment }: Operator): TrackingTable {
  const shards = environment.manifests.trackingShards;
  return { client: aws.dynamo, name: trackingTableName(environment), shards };
}

/**
 * Reads the newest version of a key that was accepted. A file whose date is not in its dataset's range is
 * among the undated ones, though its name has one.
 */
export async function readHead(operator: Operator, key: string): Promise<TrackedFile | undefined> {
  const table = trackingTable(operator);
  const date = dateOf(key);
  const dated =
    date === undefined ? undefined : await readTracked(table, headKey({ date, key }, table.shards));
  return dated ?? readTracked(table, headKey({ key }, table.shards));
}

/** Reads the versions of a key in addition to its head, in no order. */
export async function readHistory(operator: Operator, head: TrackedFile): Promise<TrackedFile[]> {
  const table = trackingTable(operator);
  const { date_prefix, file_name } = versionKey({ ...head, version: "" }, table.shards);
  const query = {
    TableName: table.name,
    KeyConditionExpression: "date_prefix = :partition AND begins_with(file_name, :key)",
    ExpressionAttributeValues: { ":partition": { S: date_prefix }, ":key": { S: file_name } },
    ConsistentRead: true,
  };
  const found: TrackedFile[] = [];
  for await (const item of itemsOf(operator.aws.dynamo, query)) found.push(fromItem(item));
  // another key may begin with this one and a #
  return found.filter(({ key }) => key === head.key);
}

/**
 * Reads the files of a date by their keys' order, each as its newest version. `undated`: those without a
 * valid date.
 */
export function filesOfDate(operator: Operator, date: string, wanted: Wanted): AsyncGenerator<TrackedFile> {
  const { shards } = trackingTable(operator);
  const named = date === UNDATED ? undefined : date;
  const partitions = Array.from({ length: shards }, (_, shard) => headPartition(named, shard));
  return merged(partitions.map((partition) => filesOfPartition(operator, partition, wanted)));
}

async function* filesOfPartition(
  operator: Operator,
  partition: string,
  wanted: Wanted,
): AsyncGenerator<TrackedFile> {
  const filters = Object.entries(wanted).filter(([, value]) => value !== undefined);
  const query: QueryCommandInput = {
    TableName: trackingTableName(operator.environment),
    KeyConditionExpression: "date_prefix = :partition",
    ExpressionAttributeValues: {
      ":partition": { S: partition },
      ...Object.fromEntries(filters.map(([name, value]) => [`:${name}`, { S: value }])),
    },
  };
  if (filters.length > 0) {
    query.FilterExpression = filters.map(([name]) => `#${name} = :${name}`).join(" AND ");
    query.ExpressionAttributeNames = Object.fromEntries(filters.map(([name]) => [`#${name}`, name]));
  }
  for await (const item of itemsOf(operator.aws.dynamo, query)) yield fromItem(item);
}

/** Merges sorted streams into one, reading no further ahead than each one's next page. */
async function* merged(streams: readonly AsyncGenerator<TrackedFile>[]): AsyncGenerator<TrackedFile> {
  const waiting = await Promise.all(
    streams.map(async (stream) => ({ stream, file: (await stream.next()).value })),
  );
  for (;;) {
    const [first, ...others] = waiting.filter(({ file }) => file !== undefined);
    if (first === undefined) return;
    const next = others.reduce((best, other) => (isBefore(other.file, best.file) ? other : best), first);
    yield next.file;
    next.file = (await next.stream.next()).value;
  }
}

function isBefore(one: TrackedFile, other: TrackedFile): boolean {
  return compareUtf8(one.key, other.key) < 0;
}

/** Reads unfinished files of one status, the oldest of each shard first. The index may be seconds behind. */
export async function* openFiles(operator: Operator, status: OpenStatus): AsyncGenerator<OpenFile> {
  const partitions = openPartitions(status).map((partition) =>
    itemsOf(operator.aws.dynamo, openQuery(operator.environment, partition)),
  );
  for await (const item of beginningTogether(partitions)) yield openFileOf(item);
}

/** Reads up to a hundred files that the index has, as the table has them now, in their order; those that are gone are left out. */
export async function readOpen(operator: Operator, files: readonly OpenFile[]): Promise<TrackedFile[]> {
  const { client, name, shards } = trackingTable(operator);
  const keys = files.map(({ version, ...file }) => {
    const { date_prefix, file_name } =
      version === undefined ? headKey(file, shards) : versionKey({ ...file, version }, shards);
    return { date_prefix: { S: date_prefix }, file_name: { S: file_name } };
  });
  const identity = (item: Item) => `${item["date_prefix"]?.S} ${item["file_name"]?.S}`;
  const items = new Map((await readItems(client, name, keys)).map((item) => [identity(item), item]));
  const found = keys.map((key) => items.get(identity(key)));
  return found.filter((item) => item !== undefined).map(fromItem);
}

/** Finds the file that has waited longest in that status, those of smoke tests left out. */
export async function oldestOpen(
  operator: Operator,
  status: OpenStatus,
  prefix?: string,
): Promise<OpenFile | undefined> {
  const firsts = await Promise.all(
    openPartitions(status).map(async (partition) => {
      const query = counted({ ...openQuery(operator.environment, partition), Limit: PAGE }, prefix);
      for await (const item of itemsOf(operator.aws.dynamo, query)) return openFileOf(item);
      return undefined;
    }),
  );
  return firsts
    .filter((file) => file !== undefined)
    .sort((one, other) => (one.createdAt < other.createdAt ? -1 : 1))[0];
}

/** Number of files of a status, those of smoke tests left out; of a shard with more than a page of them, only the page is counted. */
export interface OpenCount {
  readonly count: number;
  readonly isWhole: boolean;
}

export async function countOpen(operator: Operator, status: OpenStatus, prefix?: string): Promise<OpenCount> {
  const pages = await Promise.all(
    openPartitions(status).map(async (partition) => {
      const query = counted({ ...openQuery(operator.environment, partition), Select: "COUNT" }, prefix);
      for await (const page of paginateQuery({ client: operator.aws.dynamo }, query)) return page;
      return undefined;
    }),
  );
  return {
    count: pages.reduce((sum, page) => sum + (page?.Count ?? 0), 0),
    isWhole: pages.every((page) => page?.LastEvaluatedKey === undefined),
  };
}

function openQuery(environment: Environment, partition: string): QueryCommandInput {
  return {
    TableName: trackingTableName(environment),
    IndexName: OPEN_INDEX,
    KeyConditionExpression: "open_shard = :partition",
    ExpressionAttributeValues: { ":partition": { S: partition } },
  };
}

/** Leaves files of smoke tests out of a query of the index, and those whose keys begin otherwise. */
function counted(query: QueryCommandInput, prefix?: string): QueryCommandInput {
  const begins = prefix === undefined ? [] : ["begins_with(file_name, :prefix)"];
  return {
    ...query,
    FilterExpression: ["NOT begins_with(file_name, :smoke)", ...begins].join(" AND "),
    ExpressionAttributeValues: {
      ...query.ExpressionAttributeValues,
      ":smoke": { S: SMOKE_PREFIXES.manifests },
      ...(prefix !== undefined && { ":prefix": { S: prefix } }),
    },
  };
}

async function* itemsOf(client: DynamoDBClient, query: QueryCommandInput): AsyncGenerator<Item> {
  for await (const { Items = [] } of paginateQuery({ client }, query)) yield* Items;
}

function openFileOf(item: Record<string, AttributeValue>): OpenFile {
  const text = (name: string) => item[name]?.S ?? "";
  const [, ofVersion = "", version = ""] = /^(.*)#([^#]*)$/s.exec(text("file_name")) ?? [];
  const [date = UNDATED, , history] = text("date_prefix").split("#");
  const manifestPath = item["manifest_path"]?.S;
  return {
    ...(date === UNDATED ? {} : { date }),
    ...(history === undefined ? { key: text("file_name") } : { key: ofVersion, version }),
    createdAt: text("created_at"),
    ...(manifestPath === undefined ? {} : { manifestPath }),
  };
}
