import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { bucketName, uploadsTableName } from "../../../environments/schema";
import { conditionHeld, updateExpression } from "../../../runtime/aws/dynamo";
import { AUDIT_SHARD, objectOf, pendingShard } from "../../../runtime/uploads/uploads";
import type { Operator } from "../command/operator";
import { inGroups } from "../command/together";
import { hasReplayed } from "../letters/books";
import { headObject } from "../manifests/objects";
import { type Again, left, REPLAYED } from "../pipelines/again";
import { datasetOfKey, type Meant } from "../pipelines/meant";
import type { HowAgain, PipelineAgain } from "../pipelines/reprocess";
import { uploadsFileRows } from "./file-rows";
import { uploadQuarantineKeys } from "./object-keys";
import { readUpload, type Upload, type UploadVersion } from "./versions";

/** Statuses of a version that is done, of which its object has no newer one. */
const DONE = ["processed", "unchanged", "quarantined"];

/** Number of files that are looked at at once. */
const FILES = 20;

/**
 * Does uploads again: the version becomes pending as it was when it came, and the next run claims it under the rules
 * of any other. It publishes nothing where neither its bytes nor its dataset changed.
 */
export const uploadsAgain: PipelineAgain = {
  async file(operator, file, how) {
    const upload = await uploadOf(operator, file);
    return upload && each([once(operator, file, upload.versions, how)]);
  },
  async *ofStatus(operator, wanted, how) {
    // what becomes available now moves to the end of the index, and comes once more
    const seen = new Set<string>();
    const isNew = (row: FileVersion) => seen.size < seen.add(`${row.key} ${row.version}`).size;
    for await (const rows of inGroups(uploadsFileRows(operator, wanted), FILES)) {
      const ofDataset = rows.filter(({ dataset }) => [undefined, dataset].includes(wanted.dataset));
      const own = ofDataset.filter(isNew);
      const done = own.map(async (file) => {
        const upload = await uploadOf(operator, file);
        return once(operator, file, upload?.versions ?? [], how);
      });
      yield* await Promise.all(done);
    }
  },
};

type FileVersion = Pick<Meant, "key" | "version">;

async function* each(all: readonly Promise<Again>[]): AsyncGenerator<Again> {
  for (const again of all) yield again;
}

function uploadOf(operator: Operator, { key }: FileVersion): Promise<Upload | undefined> {
  return readUpload(operator, `${bucketName(operator.environment, "raw")}/${key}`);
}

async function once(
  operator: Operator,
  { key, version }: FileVersion,
  newestFirst: readonly UploadVersion[],
  { apply, onlyQuarantined }: HowAgain,
): Promise<Again> {
  const [newest] = newestFirst;
  const meant = version === undefined ? newest : newestFirst.find((other) => other.version === version);
  const what = `${key} version ${meant?.version ?? version}`;
  const leave = (why: string) => left("uploads", what, why).again;
  if (meant === undefined) return leave("the uploads table does not know that version");
  const why = notAgain(meant, newest, onlyQuarantined);
  if (why !== undefined) return leave(why);
  const { deadLetters } = uploadQuarantineKeys(datasetOfKey(key)?.name, key, meant.version);
  if (await hasReplayed(operator, deadLetters)) return leave(REPLAYED);
  if (!(await isThere(operator, key, meant.version))) return leave("it is gone from the raw bucket");
  if (apply && !(await reopen(operator, key, meant))) return leave("its item changed meanwhile: repeat");
  const minutes = operator.environment.uploads.reconcile.rateMinutes;
  const how = `pending again: uploads-reconciler starts a run within ${minutes} min`;
  return { pipeline: "uploads", what, how, why: meant.error ?? meant.status };
}

function notAgain(
  { version, status, error, owesAudit }: UploadVersion,
  newest: UploadVersion | undefined,
  onlyQuarantined: boolean,
): string | undefined {
  if (onlyQuarantined && status !== "quarantined") return `it is ${status}, not in quarantine`;
  if (version !== newest?.version) return "a newer version of it stands for it";
  if (status === "pending") return error === undefined ? "it waits for the next run already" : undefined;
  if (!DONE.includes(status)) return `${status}: another version stands for it`;
  return owesAudit ? "the audit has no row of it yet: repeat after the next run" : undefined;
}

async function isThere(operator: Operator, key: string, version: string): Promise<boolean> {
  const raw = bucketName(operator.environment, "raw");
  return (await headObject(operator, raw, key, version)) !== undefined;
}

/** Makes the item pending, with all its attempts; false where it is not as it was read any more. */
function reopen(
  { aws, environment, now }: Operator,
  key: string,
  { version, status }: UploadVersion,
): Promise<boolean> {
  const object = objectOf({ bucket: bucketName(environment, "raw"), key });
  const { ExpressionAttributeValues, ...update } = updateExpression(
    {
      status: { S: "pending" },
      pending_shard: { S: pendingShard(object) },
      available_at: { S: now.toISOString() },
      attempts: { N: "0" },
    },
    ["finished_at"],
  );
  return conditionHeld(
    aws.dynamo.send(
      new UpdateItemCommand({
        TableName: uploadsTableName(environment),
        Key: { object: { S: object }, version: { S: version } },
        ...update,
        ExpressionAttributeValues: {
          ...ExpressionAttributeValues,
          ":was": { S: status },
          ":owed": { S: AUDIT_SHARD },
        },
        ConditionExpression:
          "#status = :was AND (attribute_not_exists(#pending_shard) OR #pending_shard <> :owed)",
      }),
    ),
  );
}
