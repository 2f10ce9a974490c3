/**
 * The books of corrections, below `corrections/` in the curated bucket, which lets nothing there expire: each correction as it was
 * begun, a claim of each line, and that it is finished. Every entry is written once, and none is ever changed; of
 * a correction whose file is withdrawn, the texts are deleted and the claims stay.
 */
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { type BucketName, bucketName, MALFORMED_PREFIX } from "../../../environments/schema";
import { SYSTEM_CLOCK } from "../../../runtime/clock";
import { withBackoff } from "../../../runtime/in-parallel";
import { CommandError } from "../../../setup/errors";
import type { Operator } from "../command/operator";
import { headObject, listFolders, listObjects, readJson } from "../manifests/objects";
import type { Below } from "../smoke/removal";
import { type Correction, digestOf, identityOf, idOfKey, type Line } from "./correction";

const BEGUN = "corrections/begun/";
const FINISHED = "corrections/finished/";
const CLAIMS = "corrections/lines/";

/** A line's one correction. */
export interface Claim {
  readonly correction: string;
  readonly by: string;
  readonly at: string;
}

/** Writes an object that is not there yet; false where it is. */
export async function putOnce(
  { aws, environment }: Operator,
  bucket: BucketName,
  Key: string,
  Body: string | Buffer,
): Promise<boolean> {
  const put = new PutObjectCommand({ Bucket: bucketName(environment, bucket), Key, Body, IfNoneMatch: "*" });
  try {
    // two at once are told 409, and one of them finds the other's object then
    await withBackoff(SYSTEM_CLOCK, () => aws.s3.send(put), isConflict);
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === "PreconditionFailed") return false;
    throw error;
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof Error && ["ConditionalRequestConflict", "SlowDown"].includes(error.name);
}

/** Notes a correction before anything of it is done. Of two of the same lines, the first one's texts count. */
export async function begin(operator: Operator, correction: Correction): Promise<Correction> {
  const key = `${BEGUN}${correction.id}.json`;
  if (await putOnce(operator, "curated", key, JSON.stringify(correction))) return correction;
  return (
    (await readJson<Correction>(operator, bucketName(operator.environment, "curated"), key)) ?? correction
  );
}

/** Claims a line for a correction, unless another one has it. */
export async function claim(operator: Operator, { id, by, at }: Correction, line: Line): Promise<void> {
  const claimed: Claim = { correction: id, by, at };
  await putOnce(operator, "curated", claimKey(line), JSON.stringify(claimed));
}

export function claimOf(operator: Operator, line: Line): Promise<Claim | undefined> {
  return readJson<Claim>(operator, bucketName(operator.environment, "curated"), claimKey(line));
}

/** Notes that the correction's file is in the raw bucket, with the number of its lines. */
export async function finish(operator: Operator, { id }: Correction, lines: number): Promise<void> {
  await putOnce(operator, "curated", `${FINISHED}${id}.json`, JSON.stringify({ lines }));
}

export async function isFinished(operator: Operator, { id }: Pick<Correction, "id">): Promise<boolean> {
  const bucket = bucketName(operator.environment, "curated");
  return (await headObject(operator, bucket, `${FINISHED}${id}.json`)) !== undefined;
}

/** Corrections that were begun and not finished, whose operator was stopped or is still at work. */
export async function unfinished(operator: Operator): Promise<Correction[]> {
  const [begun, finished] = await Promise.all([BEGUN, FINISHED].map((prefix) => idsBelow(operator, prefix)));
  const left = [...(begun ?? [])].filter((id) => !finished?.has(id));
  const read = await Promise.all(left.map((id) => correctionBy(operator, id)));
  return read.filter((each) => each !== undefined);
}

export function correctionBy(operator: Operator, id: string): Promise<Correction | undefined> {
  return readJson<Correction>(operator, bucketName(operator.environment, "curated"), `${BEGUN}${id}.json`);
}

/** Correction that a file is of, by its key; undefined where it is another file, whatever its name says. */
export async function correctionOfFile(operator: Operator, key: string): Promise<Correction | undefined> {
  const found = await correctionBy(operator, idOfKey(key));
  return found?.key === key ? found : undefined;
}

/** Returns whether rows are there of replayed lines of a manifest or an upload, by its object with dead letters. */
export async function hasReplayed(operator: Operator, letters: string): Promise<boolean> {
  return (await correctionsBelow(operator, unitPrefix(letters))).length > 0;
}

/** Returns whether rows are there of replayed lines of a batch of the ledger. */
export async function hasReplayedOfBatch(operator: Operator, batch: number): Promise<boolean> {
  return (await correctionsBelow(operator, `${CLAIMS}${MALFORMED_PREFIX}${batch}/`)).length > 0;
}

/** Numbers of the ledger's batches of which lines were ever replayed. */
export async function batchesWithClaims(operator: Operator): Promise<number[]> {
  const prefix = `${CLAIMS}${MALFORMED_PREFIX}`;
  const folders = await listFolders(operator, bucketName(operator.environment, "curated"), prefix);
  return folders.map((folder) => Number(folder.slice(prefix.length, -1)));
}

/** Corrections of lines of an upload, by the folder of its dead letters. */
export function correctionsOfUpload(operator: Operator, folder: string): Promise<Correction[]> {
  return correctionsBelow(operator, `${CLAIMS}${folder}`);
}

/** Corrections that the claims below a prefix name, but for those that were withdrawn. */
async function correctionsBelow(operator: Operator, prefix: string): Promise<Correction[]> {
  const bucket = bucketName(operator.environment, "curated");
  const ids = new Set<string>();
  for await (const { key } of listObjects(operator, bucket, prefix)) {
    const claimed = await readJson<Claim>(operator, bucket, key);
    if (claimed) ids.add(claimed.correction);
  }
  const found = await Promise.all([...ids].map((id) => correctionBy(operator, id)));
  return found.filter((each) => each !== undefined);
}

/**
 * Objects with the texts of a file's correction, to be deleted when the file is withdrawn; none where it is of none.
 *
 * @throws CommandError where it is not finished: it would be, by the next replay
 */
export async function textsOf(operator: Operator, key: string): Promise<Below[]> {
  const found = await correctionOfFile(operator, key);
  if (found === undefined) return [];
  if (!(await isFinished(operator, found))) {
    throw new CommandError(
      `correction ${found.id} is not finished: npx tributary dead-letters replay finishes it first`,
    );
  }
  return [{ bucket: "curated", prefix: `${BEGUN}${found.id}.json` }];
}

async function idsBelow(operator: Operator, prefix: string): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const { key } of listObjects(operator, bucketName(operator.environment, "curated"), prefix)) {
    ids.add(key.slice(prefix.length).replace(".json", ""));
  }
  return ids;
}

function claimKey(line: Line): string {
  return `${unitPrefix(line.letters)}${digestOf(identityOf(line))}.json`;
}

/** Claims lie by the unit that is processed again as a whole: of a batch it is the folder of its objects. */
function unitPrefix(letters: string): string {
  const unit = letters.startsWith(MALFORMED_PREFIX) ? letters.slice(0, letters.lastIndexOf("/")) : letters;
  return `${CLAIMS}${unit}/`;
}
