/** Version of a dataset, and the files that it is of. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface DatasetVersion {
  /** SHA-256 in hexadecimal. */
  readonly version: string;
  /** Names and absolute paths: the declaration, and the transform where there is one. */
  readonly files: readonly { readonly name: (typeof NAMES)[number]; readonly path: string }[];
}

/** Folder of the artifacts bucket that keeps every version that was deployed. */
export const SCHEMAS_FOLDER = "schemas";

/** Parameter of a table in the catalog that has the version which was deployed last. */
export const VERSION_PARAMETER = "tributary.dataset_version";

const NAMES = ["dataset.json", "transform.sql"] as const;

/** Key in the artifacts bucket of a file of a version. */
export function schemaKey(dataset: string, version: string, file: (typeof NAMES)[number]): string {
  return `${SCHEMAS_FOLDER}/${dataset}/${version}/${file}`;
}

/** Reads the version that a folder declares. */
export function versionOf(folder: string): DatasetVersion {
  const files = NAMES.map((name) => ({ name, path: join(folder, name) }));
  const hash = createHash("sha256");
  for (const { path } of files) {
    const content = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(content.length));
    hash.update(length).update(content);
  }
  return { version: hash.digest("hex"), files: files.filter(({ path }) => existsSync(path)) };
}
