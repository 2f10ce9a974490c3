import { GetItemCommand, paginateQuery } from "@aws-sdk/client-dynamodb";
import { bucketName, uploadsTableName } from "../../../environments/schema";
import type { Item } from "../../../runtime/aws/dynamo";
import { PENDING_INDEX } from "../../../runtime/indexes";
import { PENDING_SHARDS } from "../../../runtime/uploads/uploads";
import type { Operator } from "../command/operator";
import { listObjects, readJson } from "../manifests/objects";
import type { WaitingStatus } from "../pipelines/choices";
import type { FileRow } from "../pipelines/files";
import { datasetOfKey } from "../pipelines/find";

/** Folder of files that were quarantined whole, in the quarantine bucket. */
const WHOLE_FILES = "files/";

/** Reason of a quarantined upload, as the job writes it beside the copy. */
interface Reason {
  readonly source_bucket: string;
  readonly source_key: string;
  readonly source_version: string;
  readonly reason: string;
  readonly message: string;
  readonly quarantined_at: string;
}

/** Uploads in that status: the table has an index of what is pending, and quarantine has a reason of each file in it. */
export function uploadsFileRows(operator: Operator, status: WaitingStatus): AsyncIterable<FileRow> {
  return status === "quarantined" ? quarantined(operator) : pending(operator, status === "failed");
}

async function* pending(operator: Operator, haveFailed: boolean): AsyncGenerator<FileRow> {
  for (let shard = 0; shard < PENDING_SHARDS; shard++) {
    const pages = paginateQuery(
      { client: operator.aws.dynamo },
      {
        TableName: uploadsTableName(operator.environment),
        IndexName: PENDING_INDEX,
        KeyConditionExpression: "pending_shard = :shard",
        ExpressionAttributeValues: { ":shard": { S: String(shard) } },
      },
    );
    for await (const { Items = [] } of pages) {
      for (const item of Items) {
        const whole = await readItem(operator, item["object"]?.S ?? "", item["version"]?.S ?? "");
        const error = whole?.["last_error"]?.S;
        if (whole?.["status"]?.S !== "pending" || (error !== undefined) !== haveFailed) continue;
        yield {
          ...rowOf(whole["key"]?.S ?? "", whole["version"]?.S ?? ""),
          since: whole["registered_at"]?.S ?? "",
          attempts: Number(whole["attempts"]?.N ?? 0),
          ...(error !== undefined && { error }),
        };
      }
    }
  }
}

/** Those whose item still says so: a copy stays in quarantine when its version is sent through again. */
async function* quarantined(operator: Operator): AsyncGenerator<FileRow> {
  const bucket = bucketName(operator.environment, "quarantine");
  for await (const { key } of listObjects(operator, bucket, WHOLE_FILES)) {
    if (!key.endsWith("/reason.json")) continue;
    const said = await readJson<Reason>(operator, bucket, key);
    if (said === undefined) continue;
    const object = `${said.source_bucket}/${said.source_key}`;
    const item = await readItem(operator, object, said.source_version);
    if (item?.["status"]?.S !== "quarantined") continue;
    yield {
      ...rowOf(said.source_key, said.source_version),
      since: said.quarantined_at,
      error: `${said.reason}: ${said.message}`,
    };
  }
}

function rowOf(key: string, version: string) {
  const dataset = datasetOfKey(key)?.name;
  return { pipeline: "uploads" as const, key, version, ...(dataset && { dataset }) };
}

async function readItem(
  { aws, environment }: Operator,
  object: string,
  version: string,
): Promise<Item | undefined> {
  const { Item } = await aws.dynamo.send(
    new GetItemCommand({
      TableName: uploadsTableName(environment),
      Key: { object: { S: object }, version: { S: version } },
    }),
  );
  return Item;
}
