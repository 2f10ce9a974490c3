/** The stream, asked for its beginning at once and not when its turn comes. */
export function begun<Item>(stream: AsyncGenerator<Item>): AsyncGenerator<Item> {
  const first = stream.next();
  // what fails is thrown when its turn comes
  first.catch(() => undefined);
  return from(first, stream);
}

async function* from<Item>(
  first: Promise<IteratorResult<Item, unknown>>,
  stream: AsyncGenerator<Item>,
): AsyncGenerator<Item> {
  const { done, value } = await first;
  if (done) return;
  yield value;
  yield* stream;
}

/**
 * Yields streams one after another, with the beginning of each asked for at once: so that many short ones take as long
 * as one.
 */
export async function* beginningTogether<Item>(
  streams: readonly AsyncGenerator<Item>[],
): AsyncGenerator<Item> {
  for (const stream of streams.map(begun)) yield* stream;
}

/** Yields the items in groups of at most that many. */
export async function* inGroups<Item>(items: AsyncIterable<Item>, size: number): AsyncGenerator<Item[]> {
  let group: Item[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
