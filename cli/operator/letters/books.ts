/**
 * The books of corrections, below `corrections/` in the curated bucket, which lets nothing there expire: each correction as it was
 * begun, a claim of each line, and that it is finished. Every entry is written once, and none is ever changed.
 */
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { type BucketName, bucketName, MALFORMED_PREFIX } from "../../../environments/schema";
import { SYSTEM_CLOCK } from "../../../runtime/clock";
import { withBackoff } from "../../../runtime/in-parallel";
import type { Operator } from "../command/operator";
import { listObjects, readJson } from "../manifests/objects";
import { type Correction, digestOf, identityOf, type Line } from "./correction";

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

/** Returns whether lines of a manifest, an upload or a batch were replayed, by an object that has its dead letters. */
export async function hasReplayed(operator: Operator, letters: string): Promise<boolean> {
  const claims = listObjects(operator, bucketName(operator.environment, "curated"), unitPrefix(letters));
  for await (const _ of claims) return true;
  return false;
}

/** Numbers of the ledger's batches of which lines were replayed. */
export async function replayedBatches(operator: Operator): Promise<number[]> {
  const batches = new Set<number>();
  const prefix = `${CLAIMS}${MALFORMED_PREFIX}`;
  for await (const { key } of listObjects(operator, bucketName(operator.environment, "curated"), prefix)) {
    batches.add(Number(key.slice(prefix.length).split("/", 1)[0]));
  }
  return [...batches];
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
