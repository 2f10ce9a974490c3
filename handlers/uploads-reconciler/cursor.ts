import { type AttributeValue, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { VersionMarker } from "../../runtime/aws/list-versions";
import type { UploadsTable } from "../../runtime/uploads/uploads";

/** Position at which a sweep continues. */
export type Cursor = VersionMarker;

/**
 * Key of a prefix's cursor in the uploads table, outside of the pending index: no object has such a name, for
 * bucket names have no `#`.
 */
function cursorKey(prefix: string) {
  return { object: { S: "#reconciler" }, version: { S: `cursor#${prefix}` } };
}

/** Reads the cursor that an earlier invocation left; undefined when its sweep reached the end of the prefix. */
export async function readCursor(uploads: UploadsTable, prefix: string): Promise<Cursor | undefined> {
  const get = new GetItemCommand({ TableName: uploads.name, Key: cursorKey(prefix), ConsistentRead: true });
  const { Item: item } = await uploads.client.send(get);
  const keyMarker = item?.["key_marker"]?.S;
  if (keyMarker === undefined) return undefined;
  return { keyMarker, versionIdMarker: item?.["version_id_marker"]?.S ?? "" };
}

/** Saves the cursor; undefined makes the next sweep begin at the beginning. */
export async function saveCursor(
  uploads: UploadsTable,
  prefix: string,
  cursor: Cursor | undefined,
  now: Date,
): Promise<void> {
  const markers: Record<string, AttributeValue> = cursor
    ? { key_marker: { S: cursor.keyMarker }, version_id_marker: { S: cursor.versionIdMarker } }
    : {};
  const item = { ...cursorKey(prefix), ...markers, updated_at: { S: now.toISOString() } };
  await uploads.client.send(new PutItemCommand({ TableName: uploads.name, Item: item }));
}
