import { type AttributeValue, paginateQuery } from "@aws-sdk/client-dynamodb";
import { uploadsTableName } from "../../../environments/schema";
import type { Item } from "../../../runtime/aws/dynamo";
import { AUDIT_SHARD } from "../../../runtime/uploads/uploads";
import type { Operator } from "../command/operator";

/** Version of an upload, as the uploads table has it. */
export interface UploadVersion {
  readonly version: string;
  readonly status: string;
  readonly size: number;
  readonly registeredAt: string;
  readonly registeredBy: string;
  readonly attempts?: number;
  readonly finishedAt?: string;
  /** The last failure, or the reason of quarantine. */
  readonly error?: string;
  readonly run?: string;
  /** Rows, dead letters and the like of a version that was processed. */
  readonly counts?: Readonly<Record<string, number>>;
  /** Whether its rows are those that are published. */
  readonly isPublished: boolean;
  /** Whether the audit has no row of its status yet. */
  readonly owesAudit: boolean;
}

/** What the uploads table has of an object. */
export interface Upload {
  /** The newest first, as the job orders them: by S3's sequencers; by their registrations where one has none. */
  readonly versions: readonly UploadVersion[];
  /** Keys of what is published. */
  readonly outputs: readonly string[];
}

/** Reads what is known of `<bucket>/<key>`; undefined where nothing is. */
export async function readUpload(operator: Operator, object: string): Promise<Upload | undefined> {
  const items = await readItems(operator, object);
  if (items.length === 0) return undefined;
  const head = items.find((item) => item["version"]?.S === "#head");
  const versions = items
    .filter((item) => item !== head)
    .sort((one, other) => (isBefore(one, other) ? 1 : -1))
    .map((item) => versionOf(item, head));
  return { versions, outputs: Object.keys(head?.["output_etags"]?.M ?? {}) };
}

/** Whether a version came before another: its event may have been late, and so its registration. */
function isBefore(one: Item, other: Item): boolean {
  const name = one["sequencer"] && other["sequencer"] ? "sequencer" : "registered_at";
  return (one[name]?.S ?? "") < (other[name]?.S ?? "");
}

async function readItems({ aws, environment }: Operator, object: string): Promise<Item[]> {
  const pages = paginateQuery(
    { client: aws.dynamo },
    {
      TableName: uploadsTableName(environment),
      KeyConditionExpression: "#object = :object",
      ExpressionAttributeNames: { "#object": "object" },
      ExpressionAttributeValues: { ":object": { S: object } },
      ConsistentRead: true,
    },
  );
  const items: Item[] = [];
  for await (const { Items = [] } of pages) items.push(...Items);
  return items;
}

function versionOf(item: Item, head: Item | undefined): UploadVersion {
  const text = (name: string) => item[name]?.S;
  const [attempts, finishedAt, error, run] = [
    item["attempts"]?.N,
    text("finished_at"),
    text("last_error"),
    text("run_id"),
  ];
  const counts = item["counts"]?.M;
  return {
    version: text("version") ?? "",
    status: text("status") ?? "",
    size: Number(item["size"]?.N ?? 0),
    registeredAt: text("registered_at") ?? "",
    registeredBy: text("registered_by") ?? "",
    ...(attempts && { attempts: Number(attempts) }),
    ...(finishedAt && { finishedAt }),
    ...(error && { error }),
    ...(run && { run }),
    ...(counts && { counts: numbersOf(counts) }),
    isPublished: head?.["committed_version"]?.S === text("version"),
    owesAudit: text("pending_shard") === AUDIT_SHARD,
  };
}

function numbersOf(values: Readonly<Record<string, AttributeValue>>): Record<string, number> {
  const numbers = Object.entries(values).flatMap(([name, { N }]) =>
    N === undefined ? [] : [[name, Number(N)] as const],
  );
  return Object.fromEntries(numbers);
}
