import { QueryCommand, type QueryCommandInput } from "@aws-sdk/client-dynamodb";
import type { Item } from "../aws/dynamo";
import type { Clock } from "../clock";
import { PENDING_INDEX } from "../indexes";
import { isSmokeKey } from "../smoke";
import { forgetRequest } from "./run-request";
import { AUDIT_SHARD, PENDING_SHARDS, type UploadsTable } from "./uploads";

const SHARDS = Array.from({ length: PENDING_SHARDS }, (_, shard) => String(shard));

/**
 * Pauses in milliseconds between the queries that an empty answer takes to be believed. The index is
 * eventually consistent: an item written just before the query may be missing from the answer.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html (2026-11-29)
 */
const PATIENCE = [1_000, 2_000, 4_000];

/** Maximum number of pages of a shard that are counted: of a megabyte, some 4,000 uploads, each. */
const MOST_PAGES = 25;

export interface Backlog {
  /**
   * Number of pending uploads, those that wait for a later attempt included; so many at least where there are
   * hundreds of thousands.
   */
  uploads: number;
  /** False where there are more than were counted. */
  isWhole: boolean;
  /** True when any of them may be claimed now. */
  available: boolean;
  /** Seconds since the registration of the oldest but for those of smoke tests; 0 when nothing is pending. */
  oldestSeconds: number;
}

/**
 * Returns whether any upload may be claimed now. "Yes" is believed immediately, "no" only after four queries
 * over seven seconds. With `since`, only uploads that became available from then on count. The request for a run is
 * forgotten before each query: what is registered too late for it is asked for anew.
 */
export async function seesAvailable(
  uploads: UploadsTable,
  clock: Clock,
  since = new Date(0),
): Promise<boolean> {
  for (const wait of PATIENCE) {
    if (await askAvailable(uploads, since, clock.now())) return true;
    await clock.sleep(wait);
  }
  return askAvailable(uploads, since, clock.now());
}

async function askAvailable(uploads: UploadsTable, since: Date, now: Date): Promise<boolean> {
  await forgetRequest(uploads);
  const answers = await Promise.all(
    SHARDS.map((shard) =>
      uploads.client.send(
        new QueryCommand({
          TableName: uploads.name,
          IndexName: PENDING_INDEX,
          KeyConditionExpression: "pending_shard = :shard AND available_at BETWEEN :since AND :now",
          ExpressionAttributeValues: {
            ":shard": { S: shard },
            ":since": { S: since.toISOString() },
            ":now": { S: now.toISOString() },
          },
          Limit: 1,
        }),
      ),
    ),
  );
  return answers.some((answer) => (answer.Items ?? []).length > 0);
}

/** Returns whether a row of the audit is owed since before a time: the run that owed it died, or could not write it. */
export async function owesAudit(uploads: UploadsTable, before: Date): Promise<boolean> {
  const { Items = [] } = await uploads.client.send(
    new QueryCommand({
      TableName: uploads.name,
      IndexName: PENDING_INDEX,
      KeyConditionExpression: "pending_shard = :shard AND available_at <= :before",
      ExpressionAttributeValues: { ":shard": { S: AUDIT_SHARD }, ":before": { S: before.toISOString() } },
      Limit: 1,
    }),
  );
  return Items.length > 0;
}

/**
 * Reads the backlog from the index, what is due the longest first: about 0.5 read units per 4 KB of it, some 40
 * items. It stops after 25 pages of a shard. Keys that begin otherwise than with `prefix` do not count.
 */
export async function readBacklog(uploads: UploadsTable, now: Date, prefix = ""): Promise<Backlog> {
  const shards = await Promise.all(SHARDS.map((shard) => readShard(uploads, shard)));
  const items = shards.flatMap((shard) => shard.pending).filter(({ key }) => key.startsWith(prefix));
  const oldest = items
    .filter((item) => !isSmokeKey(item.key))
    .map((item) => item.registered)
    .reduce(earlier, now.toISOString());
  return {
    uploads: items.length,
    isWhole: shards.every((shard) => shard.isWhole),
    available: items.some((item) => item.available <= now.toISOString()),
    oldestSeconds: (now.getTime() - Date.parse(oldest)) / 1_000,
  };
}

/** Key of an object, `<bucket>/<key>`. */
const keyOf = (object: string) => object.slice(object.indexOf("/") + 1);

const earlier = (one: string, other: string) => (one < other ? one : other);

interface Pending {
  /** Time in UTC with milliseconds, ISO 8601: text order is time order. */
  registered: string;
  available: string;
  key: string;
}

interface Shard {
  pending: Pending[];
  isWhole: boolean;
}

async function readShard(uploads: UploadsTable, shard: string): Promise<Shard> {
  const read: Pending[] = [];
  let next: Item | undefined;
  for (let pages = 0; pages === 0 || (next && pages < MOST_PAGES); pages++) {
    const page: QueryCommandInput = {
      TableName: uploads.name,
      IndexName: PENDING_INDEX,
      KeyConditionExpression: "pending_shard = :shard",
      ExpressionAttributeValues: { ":shard": { S: shard } },
      ProjectionExpression: "#object, registered_at, available_at",
      ExpressionAttributeNames: { "#object": "object" },
      ...(next ? { ExclusiveStartKey: next } : {}),
    };
    const { Items = [], LastEvaluatedKey } = await uploads.client.send(new QueryCommand(page));
    for (const item of Items) {
      const available = item["available_at"]?.S ?? "";
      read.push({
        registered: item["registered_at"]?.S ?? available,
        available,
        key: keyOf(item["object"]?.S ?? ""),
      });
    }
    next = LastEvaluatedKey;
  }
  return { pending: read, isWhole: next === undefined };
}
