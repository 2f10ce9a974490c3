import { QueryCommand } from "@aws-sdk/client-dynamodb";
import type { Item } from "../../runtime/aws/dynamo";
import type { CurrentVersion } from "../../runtime/aws/list-versions";
import type { Clock } from "../../runtime/clock";
import { inParallel, withBackoff } from "../../runtime/in-parallel";
import { dateOf } from "../../runtime/manifests/datasets";
import { compareUtf8 } from "../../runtime/manifests/manifests";
import { headKey, readTracked, type TrackingTable, versionKey } from "../../runtime/manifests/tracking";

const QUERIES_AT_ONCE = 16;

/** Files of one partition of the table, in the order of their keys. */
interface Group {
  partition: string;
  files: CurrentVersion[];
}

/**
 * Filters the versions that are not in the table. The table keeps a partition's files in the order of their
 * keys, as S3 lists them, so each partition is read as one range: about eight rows for the price of one that
 * is read by its key. Only versions missing from such a read, which may be a moment behind, are read by their
 * keys.
 */
export async function untracked(
  tracking: TrackingTable,
  clock: Clock,
  found: readonly CurrentVersion[],
): Promise<CurrentVersion[]> {
  const heads = new Map<string, string>();
  const read = await inParallel(groupsOf(tracking, found), QUERIES_AT_ONCE, (group) =>
    readHeads(tracking, clock, group, heads),
  );
  if (read[0]) throw read[0];
  const missing = found.filter(({ key, version }) => heads.get(key) !== version);
  const unknown: CurrentVersion[] = [];
  const asked = await inParallel(missing, QUERIES_AT_ONCE, async (file) => {
    if (!(await withBackoff(clock, () => isTracked(tracking, file)))) unknown.push(file);
  });
  if (asked[0]) throw asked[0];
  return unknown;
}

function groupsOf(tracking: TrackingTable, found: readonly CurrentVersion[]): Group[] {
  const groups = new Map<string, CurrentVersion[]>();
  for (const file of found) {
    const { date_prefix } = headKey({ date: dateOf(file.key), key: file.key }, tracking.shards);
    const group = groups.get(date_prefix);
    if (group) group.push(file);
    else groups.set(date_prefix, [file]);
  }
  return [...groups].map(([partition, files]) => ({
    partition,
    files: files.sort((one, other) => compareUtf8(one.key, other.key)),
  }));
}

/** Records the head's version of every file in the group's range. */
async function readHeads(
  { client, name }: TrackingTable,
  clock: Clock,
  { partition, files }: Group,
  heads: Map<string, string>,
): Promise<void> {
  let next: Item | undefined;
  do {
    const query = new QueryCommand({
      TableName: name,
      KeyConditionExpression: "date_prefix = :partition AND file_name BETWEEN :first AND :last",
      ExpressionAttributeValues: {
        ":partition": { S: partition },
        ":first": { S: files[0]?.key ?? "" },
        ":last": { S: files.at(-1)?.key ?? "" },
      },
      ProjectionExpression: "file_name, version",
      ...(next ? { ExclusiveStartKey: next } : {}),
    });
    const { Items = [], LastEvaluatedKey } = await withBackoff(clock, () => client.send(query));
    for (const item of Items) heads.set(item["file_name"]?.S ?? "", item["version"]?.S ?? "");
    next = LastEvaluatedKey;
  } while (next);
}

async function isTracked(tracking: TrackingTable, { key, version }: CurrentVersion): Promise<boolean> {
  const file = { date: dateOf(key), key, version };
  const head = await readTracked(tracking, headKey(file, tracking.shards));
  if (!head || head.version === version) return head !== undefined;
  return (await readTracked(tracking, versionKey(file, tracking.shards))) !== undefined;
}
