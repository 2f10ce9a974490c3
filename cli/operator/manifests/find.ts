import { bucketName, INPUT_PREFIX } from "../../../environments/schema";
import { expectedAt } from "../../../runtime/expected";
import type { TrackedFile } from "../../../runtime/manifests/tracking";
import { CommandError } from "../../../setup/errors";
import { NothingMatched } from "../command/errors";
import type { Operator } from "../command/operator";
import { headObject, listFolders, type ObjectHead } from "./objects";
import { readHead } from "./tracking";

/** File that an operator named: in the tracking table, in the raw bucket, or in both. */
export interface FoundFile {
  readonly key: string;
  readonly head?: TrackedFile;
  /** Newest version in the raw bucket. */
  readonly object?: ObjectHead;
}

/**
 * Finds a file by its name: a key, `s3://<raw bucket>/<key>`, or the last part of a key directly below a
 * dataset's folder.
 *
 * @throws NothingMatched when neither the tracking table nor the raw bucket has it
 */
export async function findFile(operator: Operator, name: string): Promise<FoundFile> {
  for (const key of await keysOf(operator, name)) {
    const [head, object] = await Promise.all([
      readHead(operator, key),
      headObject(operator, bucketName(operator.environment, "raw"), key),
    ]);
    if (head === undefined && object === undefined) continue;
    return { key, ...(head === undefined ? {} : { head }), ...(object === undefined ? {} : { object }) };
  }
  throw new NothingMatched(
    `neither the tracking table nor the raw bucket knows ${name}; give its whole key, such as ${INPUT_PREFIX}clicks/${name.slice(name.lastIndexOf("/") + 1)}`,
  );
}

async function keysOf(operator: Operator, name: string): Promise<string[]> {
  const raw = bucketName(operator.environment, "raw");
  const address = /^s3:\/\/([^/]+)\/(.+)$/s.exec(name);
  if (address !== null) {
    const [, bucket, key = ""] = address;
    if (bucket === raw) return [key];
    throw new CommandError(expectedAt("FILE", `an object of the raw bucket ${raw}`, name));
  }
  if (name.includes("/")) return [name];
  const folders = await listFolders(operator, raw, INPUT_PREFIX);
  return folders.map((folder) => `${folder}${name}`);
}
