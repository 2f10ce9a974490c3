import { paginateQuery } from "@aws-sdk/client-dynamodb";
import { bucketName, uploadsTableName } from "../../../environments/schema";
import type { Item } from "../../../runtime/aws/dynamo";
import { PENDING_INDEX } from "../../../runtime/indexes";
import { PENDING_SHARDS } from "../../../runtime/uploads/uploads";
import { KEYS_A_READ, readItems } from "../command/items";
import type { Operator } from "../command/operator";
import { beginningTogether, inGroups } from "../command/together";
import { listObjects, readJson } from "../manifests/objects";
import type { FileRow, WantedFiles } from "../pipelines/files";
import { datasetOfKey } from "../pipelines/meant";

/** Folder of files that were quarantined whole, in the quarantine bucket. */
const WHOLE_FILES = "files/";

/** Keys of a version's item. */
interface UploadKey {
  /** `<bucket>/<key>`. */
  readonly object: string;
  readonly version: string;
}

/** Reason of a quarantined upload, as the job writes it beside the copy. */
interface Reason {
  readonly source_bucket: string;
  readonly source_key: string;
  readonly source_version: string;
  readonly reason: string;
  readonly message: string;
  readonly quarantined_at: string;
}

/** Number of reasons that are read at once. */
const REASONS_AT_ONCE = 50;

/** Uploads in that status: the table has an index of what is pending, and quarantine has a reason of each file in it. */
export function uploadsFileRows(
  operator: Operator,
  { status, dataset }: WantedFiles,
): AsyncGenerator<FileRow> {
  return status === "quarantined" ? quarantined(operator, dataset) : pending(operator, status === "failed");
}

async function* pending(operator: Operator, haveFailed: boolean): AsyncGenerator<FileRow> {
  const shards = Array.from({ length: PENDING_SHARDS }, (_, shard) => pendingKeys(operator, String(shard)));
  for await (const keys of inGroups(beginningTogether(shards), KEYS_A_READ)) {
    const items = await itemsOf(operator, keys);
    for (const { object, version } of keys) {
      const item = items.get(`${object} ${version}`);
      const error = item?.["last_error"]?.S;
      if (item?.["status"]?.S !== "pending" || (error !== undefined) !== haveFailed) continue;
      yield {
        ...rowOf(item["key"]?.S ?? "", version),
        since: item["registered_at"]?.S ?? "",
        attempts: Number(item["attempts"]?.N ?? 0),
        ...(error !== undefined && { error }),
      };
    }
  }
}

async function* pendingKeys({ aws, environment }: Operator, shard: string): AsyncGenerator<UploadKey> {
  const pages = paginateQuery(
    { client: aws.dynamo },
    {
      TableName: uploadsTableName(environment),
      IndexName: PENDING_INDEX,
      KeyConditionExpression: "pending_shard = :shard",
      ExpressionAttributeValues: { ":shard": { S: shard } },
    },
  );
  for await (const { Items = [] } of pages) {
    for (const item of Items) yield { object: item["object"]?.S ?? "", version: item["version"]?.S ?? "" };
  }
}

/**
 * Those whose item still says so: a copy stays in quarantine when its version is sent through again. The bucket is
 * listed, for the table has no index of them.
 */
async function* quarantined(operator: Operator, dataset: string | undefined): AsyncGenerator<FileRow> {
  const bucket = bucketName(operator.environment, "quarantine");
  const prefix = dataset === undefined ? WHOLE_FILES : `${WHOLE_FILES}${dataset}/`;
  let listed = 0;
  for await (const keys of inGroups(reasonsBelow(operator, bucket, prefix), REASONS_AT_ONCE)) {
    const read = await Promise.all(keys.map((key) => readJson<Reason>(operator, bucket, key)));
    const reasons = read.filter((each) => each !== undefined);
    const items = await itemsOf(operator, reasons.map(uploadOf));
    for (const said of reasons) {
      const { object, version } = uploadOf(said);
      if (items.get(`${object} ${version}`)?.["status"]?.S !== "quarantined") continue;
      yield {
        ...rowOf(said.source_key, version),
        since: said.quarantined_at,
        error: `${said.reason}: ${said.message}`,
      };
    }
    listed += keys.length;
    operator.terminal.progress(`${listed} files in quarantine looked at`);
  }
}

async function* reasonsBelow(operator: Operator, bucket: string, prefix: string): AsyncGenerator<string> {
  for await (const { key } of listObjects(operator, bucket, prefix)) {
    if (key.endsWith("/reason.json")) yield key;
  }
}

function uploadOf({ source_bucket, source_key, source_version }: Reason): UploadKey {
  return { object: `${source_bucket}/${source_key}`, version: source_version };
}

function rowOf(key: string, version: string) {
  const dataset = datasetOfKey(key)?.name;
  return { pipeline: "uploads" as const, key, version, ...(dataset && { dataset }) };
}

/** Reads up to a hundred items, by `<object> <version>`; those that are not there are left out. */
async function itemsOf(
  { aws, environment }: Operator,
  keys: readonly UploadKey[],
): Promise<ReadonlyMap<string, Item>> {
  const unique = new Map(keys.map((key) => [`${key.object} ${key.version}`, key]));
  const wanted = [...unique.values()].map(({ object, version }) => ({
    object: { S: object },
    version: { S: version },
  }));
  const items = await readItems(aws.dynamo, uploadsTableName(environment), wanted);
  return new Map(items.map((item) => [`${item["object"]?.S} ${item["version"]?.S}`, item]));
}
