import { createHash } from "node:crypto";

/**
 * Folder in the quarantine bucket for the copy of an unreadable version, and its `reason.json`: the streaming
 * job uses the same names. It has no slash at its end.
 */
export function quarantineFolder(
  date: string | undefined,
  { key, version }: { readonly key: string; readonly version: string },
): string {
  const digest = createHash("sha256").update(key, "utf8").digest("hex").slice(0, 16);
  return `quarantine/${date ?? "undated"}/${digest}-${version}`;
}
