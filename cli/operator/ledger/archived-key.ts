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

/**
 * File and version of an archived object; undefined for a key that is none, or that was shortened: its digest does not
 * tell the file's key.
 */
export function unarchived(archived: string, prefix: string): { key: string; version: string } | undefined {
  const processed = processedPrefix(prefix);
  if (!archived.startsWith(processed)) return undefined;
  const parts = archived.slice(processed.length).split("/");
  const [version, name] = parts.slice(-2);
  if (version === undefined || name === undefined || isShortened(parts)) return undefined;
  return { key: `${prefix}${[...parts.slice(0, -2), name].join("/")}`, version };
}

/** Whether these parts may be the digest of a key, its version and the end of its name. */
function isShortened(parts: readonly string[]): boolean {
  return parts.length === 3 && /^[0-9a-f]{64}$/.test(parts[0] ?? "");
}
