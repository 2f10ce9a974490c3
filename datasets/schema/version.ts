/** Version of a dataset, and the files that it is of. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { declaredFolders } from "./check";

export interface DatasetVersion {
  readonly dataset: string;
  /** SHA-256 in hexadecimal, as Parquet files carry it in `dataset_version`. */
  readonly version: string;
  /** Names and absolute paths: the declaration, and the transform where there is one. */
  readonly files: readonly { readonly name: string; readonly path: string }[];
}

/** Folder of the artifacts bucket that keeps every version that was deployed. */
export const SCHEMAS_FOLDER = "schemas";

/** Reads the version of each declared dataset. */
export function declaredVersions(): DatasetVersion[] {
  return declaredFolders().map(versionOf);
}

/** Key in the artifacts bucket of a file of a version. */
export function schemaKey(
  { dataset, version }: Pick<DatasetVersion, "dataset" | "version">,
  file: string,
): string {
  return `${SCHEMAS_FOLDER}/${dataset}/${version}/${file}`;
}

function versionOf(folder: string): DatasetVersion {
  const names = ["dataset.json", "transform.sql"] as const;
  const hash = createHash("sha256");
  for (const name of names) {
    const content = existsSync(join(folder, name)) ? readFileSync(join(folder, name)) : Buffer.alloc(0);
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(content.length));
    hash.update(length).update(content);
  }
  return {
    dataset: basename(folder),
    version: hash.digest("hex"),
    files: names.map((name) => ({ name, path: join(folder, name) })).filter(({ path }) => existsSync(path)),
  };
}
