import { createHash } from "node:crypto";

/**
 * Folder in the quarantine bucket with the copy of a version that cannot be read as a whole, and its `reason.json`:
 * the streaming job uses the same names. Without a slash at its end.
 */
export function quarantineFolder(
  date: string | undefined,
  { key, version }: { readonly key: string; readonly version: string },
): string {
  const digest = createHash("sha256").update(key, "utf8").digest("hex").slice(0, 16);
  return `quarantine/${date ?? "undated"}/${digest}-${version}`;
}
