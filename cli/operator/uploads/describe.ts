import { type AttributeValue, paginateQuery } from "@aws-sdk/client-dynamodb";
import { bucketName, uploadsTableName } from "../../../environments/schema";
import type { Item } from "../../../runtime/aws/dynamo";
import { EXIT } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { bytes, indented, list } from "../command/tables";
import { headObject } from "../manifests/objects";
import type { Describe } from "../pipelines/describe";
import { headEntries, headOf } from "../pipelines/described-head";
import { save } from "../pipelines/saved";

/** Version of an upload, as the uploads table has it. */
interface UploadVersion {
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
}

/** Number of versions that are shown, the newest first. */
const SHOWN = 20;

/** Shows the versions of an upload and what is published of it. */
export const describeUpload: Describe = async (operator, file, options) => {
  const { key } = file;
  const raw = bucketName(operator.environment, "raw");
  const [items, object] = await Promise.all([
    readItems(operator, `${raw}/${key}`),
    headObject(operator, raw, key),
  ]);
  if (items.length === 0 && object === undefined) return undefined;
  const committed = items.find((item) => item["version"]?.S === "#head");
  const versions = items
    .filter((item) => item !== committed)
    .map((item) => versionOf(item, committed))
    .sort((one, other) => (one.registeredAt < other.registeredAt ? 1 : -1));
  const curated = bucketName(operator.environment, "curated");
  const outputs = Object.keys(committed?.["output_etags"]?.M ?? {}).map(
    (output) => `s3://${curated}/${output}`,
  );
  const head = headOf("uploads", file, object);
  const shown = versions.slice(0, SHOWN);
  const text = [
    list([
      ...headEntries(head, "deleted, or never there"),
      ...(outputs.length > 0 ? outputs : ["nothing"]).map(
        (output, index) => [index === 0 ? "published" : "", output] as const,
      ),
    ]),
    ...(versions.length === 0 ? [UNKNOWN] : []),
    ...shown.map(versionText),
    ...(versions.length > SHOWN ? [`and ${versions.length - SHOWN} versions before`] : []),
  ].join("\n\n");
  operator.terminal.show({ ...head, outputs, versions: shown }, text);
  if (options.save !== undefined) await save(operator, key, object?.version, options.save);
  return EXIT.ok;
};

const UNKNOWN = "not in the uploads table: no event of it came yet; uploads-reconciler finds it";

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
  };
}

function numbersOf(values: Readonly<Record<string, AttributeValue>>): Record<string, number> {
  const numbers = Object.entries(values).flatMap(([name, { N }]) =>
    N === undefined ? [] : [[name, Number(N)] as const],
  );
  return Object.fromEntries(numbers);
}

function versionText(version: UploadVersion): string {
  const { status, counts = {}, isPublished, error } = version;
  const counted = Object.entries(counts).filter(([, count]) => count > 0);
  const entries = list([
    ["status", isPublished ? `${status}, published` : status],
    ["size", bytes(version.size)],
    ["registered", `${version.registeredAt} by ${version.registeredBy}`],
    ["attempts", version.attempts],
    ["finished", version.finishedAt],
    ["job run", version.run],
    ...counted.map(([name, count]) => [name.replaceAll("_", " "), count] as const),
    ...(error === undefined ? [] : [["error", error] as const]),
  ]);
  return `version ${version.version}\n${indented(entries)}`;
}
