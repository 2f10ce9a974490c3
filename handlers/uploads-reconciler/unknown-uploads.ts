import { type AttributeValue, BatchGetItemCommand } from "@aws-sdk/client-dynamodb";
import type { Clock } from "../../runtime/clock";
import { objectOf, type Upload, type UploadsTable } from "../../runtime/uploads/uploads";
import { UnreadKeysError } from "./errors";

/**
 * Maximum number of keys of one BatchGetItem.
 *
 * @see https://docs.aws.amazon.com/goto/SdkForKotlin/dynamodb-2012-08-10/BatchGetItem (2026-11-29)
 */
const BATCH = 100;
const ATTEMPTS = 6;
const FIRST_WAIT_MS = 100;

type Key = Record<string, AttributeValue>;

/**
 * Filters the uploads that are not in the table. Its reads are eventually consistent, at half the price: an
 * item that was missed is met again by the conditional write.
 *
 * @throws UnreadKeysError when the table leaves keys unread six times in a row
 */
export async function unknownUploads(
  uploads: UploadsTable,
  found: readonly Upload[],
  clock: Clock,
): Promise<Upload[]> {
  const known = new Set<string>();
  for (let start = 0; start < found.length; start += BATCH) {
    const keys = found.slice(start, start + BATCH).map(keyOf);
    for (const item of await readKeys(uploads, keys, clock)) known.add(identity(item));
  }
  return found.filter((upload) => !known.has(identity(keyOf(upload))));
}

function keyOf(upload: Upload): Key {
  return { object: { S: objectOf(upload) }, version: { S: upload.version } };
}

function identity(key: Key): string {
  return JSON.stringify([key["object"]?.S, key["version"]?.S]);
}

/**
 * Reads a batch of keys; DynamoDB may answer only a part and name the rest.
 *
 * @see https://docs.aws.amazon.com/goto/SdkForKotlin/dynamodb-2012-08-10/BatchGetItem (2026-11-29)
 */
async function readKeys(uploads: UploadsTable, keys: Key[], clock: Clock): Promise<Key[]> {
  const read: Key[] = [];
  let unread = keys;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await clock.sleep(FIRST_WAIT_MS * 2 ** (attempt - 1));
    const { Responses, UnprocessedKeys } = await uploads.client.send(batchOf(uploads.name, unread));
    read.push(...(Responses?.[uploads.name] ?? []));
    unread = UnprocessedKeys?.[uploads.name]?.Keys ?? [];
    if (unread.length === 0) return read;
  }
  throw new UnreadKeysError(unread.length, ATTEMPTS);
}

function batchOf(table: string, keys: Key[]): BatchGetItemCommand {
  return new BatchGetItemCommand({
    RequestItems: {
      [table]: {
        Keys: keys,
        ProjectionExpression: "#object, #version",
        ExpressionAttributeNames: { "#object": "object", "#version": "version" },
      },
    },
  });
}
