import { bucketName } from "../../../environments/schema";
import type { TrackedFile } from "../../../runtime/manifests/tracking";
import type { Operator } from "../command/operator";
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
