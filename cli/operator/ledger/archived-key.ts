import { createHash } from "node:crypto";
import { processedPrefix } from "../../../environments/schema";
import { baseName } from "../../../runtime/manifests/datasets";

const KEY_BYTES = 1024;
const BASE_BYTES = 600;

/** Key of a version that the ledger pipeline has moved (glue/tributary/batch/names.py); `prefix` is its dataset's. */
export function archivedKey(key: string, version: string, prefix: string): string {
  const processed = processedPrefix(key);
  const folders = processed.slice(0, processed.lastIndexOf("/") + 1);
  const archived = `${folders}${version}/${baseName(key)}`;
  if (Buffer.byteLength(archived) <= KEY_BYTES) return archived;
  const digest = createHash("sha256").update(key, "utf8").digest("hex");
  const end = Buffer.from(baseName(key))
    .subarray(-BASE_BYTES)
    .toString()
    .replace(/^\uFFFD+/, "");
  return `${processedPrefix(prefix)}${digest}/${version}/${end}`;
}
