import { BatchGetItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Item } from "../../../runtime/aws/dynamo";
import { SYSTEM_CLOCK } from "../../../runtime/clock";
import { CommandError } from "../../../setup/errors";

/** Keys of one BatchGetItem at most. */
export const KEYS_A_READ = 100;
const ATTEMPTS = 6;
const FIRST_WAIT_MS = 100;

/**
 * Reads up to a hundred items by their keys, in no order; those that are not there are left out.
 *
 * @throws CommandError where the table leaves keys unread six times in a row
 */
export async function readItems(
  client: DynamoDBClient,
  table: string,
  keys: readonly Item[],
): Promise<Item[]> {
  const found: Item[] = [];
  let unread = [...keys];
  for (let attempt = 0; unread.length > 0; attempt++) {
    if (attempt === ATTEMPTS)
      throw new CommandError(`${table} throttles: ${unread.length} items were not read`);
    if (attempt > 0) await SYSTEM_CLOCK.sleep(FIRST_WAIT_MS * 2 ** (attempt - 1));
    const read = new BatchGetItemCommand({ RequestItems: { [table]: { Keys: unread } } });
    const { Responses = {}, UnprocessedKeys = {} } = await client.send(read);
    found.push(...(Responses[table] ?? []));
    unread = UnprocessedKeys[table]?.Keys ?? [];
  }
  return found;
}
