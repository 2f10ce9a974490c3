import { bucketName, INPUT_PREFIX } from "../../../environments/schema";
import type { TrackedFile } from "../../../runtime/manifests/tracking";
import { NothingMatched } from "../command/errors";
import type { Operator } from "../command/operator";
import { meantBy } from "../pipelines/find";
import { headObject, type ObjectHead } from "./objects";
import { readHead } from "./tracking";

/** File that an operator named: in the tracking table, in the raw bucket, or in both. */
export interface FoundFile {
  readonly key: string;
  readonly head?: TrackedFile;
  /** Newest version in the raw bucket. */
  readonly object?: ObjectHead;
}

/** Reads what the tracking table and the raw bucket know of a key; undefined where neither knows it. */
export async function readFile(operator: Operator, key: string): Promise<FoundFile | undefined> {
  const [head, object] = await Promise.all([
    readHead(operator, key),
    headObject(operator, bucketName(operator.environment, "raw"), key),
  ]);
  if (head === undefined && object === undefined) return undefined;
  return { key, ...(head && { head }), ...(object && { object }) };
}

/**
 * Finds a file by its name: a key, `s3://<raw bucket>/<key>`, or the last part of a key directly below a
 * dataset's folder.
 *
 * @throws NothingMatched when neither the tracking table nor the raw bucket has it
 */
export async function findFile(operator: Operator, name: string): Promise<FoundFile> {
  for (const { key, dataset } of meantBy(operator, name)) {
    if (dataset !== undefined && dataset.pipeline !== "manifests") continue;
    const found = await readFile(operator, key);
    if (found !== undefined) return found;
  }
  throw new NothingMatched(
    `neither the tracking table nor the raw bucket knows ${name}; give its whole key, such as ${INPUT_PREFIX}clicks/${name.slice(name.lastIndexOf("/") + 1)}`,
  );
}
