import {
  type AttributeValue,
  type CancellationReason,
  ConditionalCheckFailedException,
  TransactionCanceledException,
} from "@aws-sdk/client-dynamodb";

type Item = Record<string, AttributeValue>;

/** Parts of the DynamoDB write commands that this double understands. */
interface Write {
  Item?: Item;
  Key?: Item;
  UpdateExpression?: string;
  ConditionExpression?: string;
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Item;
}

interface TransactItem {
  Put?: Write;
  Update?: Write;
  ConditionCheck?: Write;
}

const PROJECTED = ["open_shard", "created_at", "date_prefix", "file_name", "manifest_path"];

/**
 * One DynamoDB table with the index `open`, in memory, with conditions that hold as DynamoDB's do, and what its
 * writes cost. Conditions are terms joined by AND; an expression that it does not know throws.
 */
export class MemoryTable {
  readonly items = new Map<string, Item>();
  /** Write units, of the table and of its index. */
  readonly units = { table: 0, index: 0 };

  /** Every item, as plain values. */
  rows(): Record<string, string>[] {
    return [...this.items.values()].map((item) =>
      Object.fromEntries(Object.entries(item).map(([name, value]) => [name, String(value.S ?? value.N)])),
    );
  }

  /** Deletes what DynamoDB may delete at that time. */
  expire(now: Date): void {
    for (const [key, item] of this.items) {
      if (Number(item["ttl"]?.N ?? Infinity) * 1_000 < now.getTime()) this.items.delete(key);
    }
  }

  get({ Key = {} }: Write): { Item?: Item } {
    const item = this.items.get(keyOf(Key));
    return item ? { Item: { ...item } } : {};
  }

  put(write: Write): object {
    this.#check(write, write.Item ?? {});
    this.#store(write.Item ?? {}, 1);
    return {};
  }

  update(write: Write): object {
    this.#check(write, write.Key ?? {});
    this.#store(this.#updated(write), 1);
    return {};
  }

  transact({ TransactItems }: { TransactItems: readonly TransactItem[] }): object {
    const writes = TransactItems.map((one) => one.Put ?? one.Update ?? one.ConditionCheck ?? {});
    const holds = writes.map((write) => this.#holds(write, write.Item ?? write.Key ?? {}));
    if (holds.includes(false)) {
      this.units.table += 2 * writes.length;
      throw cancelled(holds.map((held) => ({ Code: held ? "None" : "ConditionalCheckFailed" })));
    }
    for (const { Put, Update, ConditionCheck } of TransactItems) {
      if (Put) this.#store(Put.Item ?? {}, 2);
      if (Update) this.#store(this.#updated(Update), 2);
      if (ConditionCheck) this.units.table += 2;
    }
    return {};
  }

  #check(write: Write, key: Item): void {
    if (this.#holds(write, key)) return;
    this.units.table += 1;
    throw new ConditionalCheckFailedException({
      message: "The conditional request failed",
      $metadata: { httpStatusCode: 400 },
      Item: { ...this.items.get(keyOf(key)) },
    });
  }

  #holds(write: Write, key: Item): boolean {
    const item = this.items.get(keyOf(key)) ?? {};
    const terms = write.ConditionExpression?.split(" AND ") ?? [];
    return terms.every((term) => termHolds(term, item, write));
  }

  #updated(write: Write): Item {
    const item = { ...(this.items.get(keyOf(write.Key ?? {})) ?? write.Key) };
    const [, sets = "", removes = ""] =
      /^SET (.*?)(?: REMOVE (.*))?$/.exec(write.UpdateExpression ?? "") ?? [];
    for (const set of sets.split(", ")) {
      const [name = "", value = ""] = set.split(" = ");
      item[attributeName(name, write)] = namedValue(value, write);
    }
    for (const name of removes.split(", ").filter(Boolean)) delete item[attributeName(name, write)];
    return item;
  }

  #store(item: Item, factor: number): void {
    const before = this.items.get(keyOf(item));
    this.items.set(keyOf(item), { ...item });
    this.units.table += factor * Math.max(kilobytes(item), kilobytes(before ?? {}));
    this.units.index += factor * indexWrites(before ?? {}, item);
  }
}

export function cancelled(reasons: CancellationReason[]): TransactionCanceledException {
  return new TransactionCanceledException({
    message: "Transaction cancelled",
    $metadata: { httpStatusCode: 400 },
    CancellationReasons: reasons,
  });
}

function termHolds(term: string, item: Item, write: Write): boolean {
  const [, fn, argument] = /^(attribute_exists|attribute_not_exists)\((\S+)\)$/.exec(term) ?? [];
  if (fn && argument) return attributeName(argument, write) in item === (fn === "attribute_exists");
  const [, least, most] = /^NOT (\S+) > (:\S+)$/.exec(term) ?? [];
  if (least && most) {
    const number = item[attributeName(least, write)]?.N;
    return number === undefined || Number(number) <= Number(namedValue(most, write).N);
  }
  const [, name, operator, value] = /^(\S+) (=|<>) (:\S+)$/.exec(term) ?? [];
  if (!name || !value) throw new Error(`the double does not know the condition ${term}`);
  const equal = JSON.stringify(item[attributeName(name, write)]) === JSON.stringify(namedValue(value, write));
  // DynamoDB: a comparison with a missing attribute is false, but "not equal" is true
  return operator === "=" ? equal : !equal;
}

function attributeName(name: string, { ExpressionAttributeNames: names = {} }: Write): string {
  if (!name.startsWith("#")) return name;
  const known = names[name];
  if (known === undefined) throw new Error(`the expression's name ${name} is not defined`);
  return known;
}

function namedValue(value: string, { ExpressionAttributeValues: values = {} }: Write): AttributeValue {
  const known = values[value];
  if (known === undefined) throw new Error(`the expression's value ${value} is not defined`);
  return known;
}

function keyOf(item: Item): string {
  return `${item["date_prefix"]?.S}\0${item["file_name"]?.S}`;
}

/** Write units of an item: one for each begun KB of its names and values. */
export function kilobytes(item: Item): number {
  const bytes = Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(String(value.S ?? value.N)),
    0,
  );
  return Math.max(1, Math.ceil(bytes / 1024));
}

/** Writes to the index: none where nothing of it changed, two where its key did. */
function indexWrites(before: Item, after: Item): number {
  const entry = (item: Item) => JSON.stringify(PROJECTED.map((name) => item[name]));
  const key = (item: Item) => JSON.stringify([item["open_shard"], item["created_at"]]);
  const [was, is] = ["open_shard" in before, "open_shard" in after];
  if (!was || !is) return Number(was || is);
  if (key(before) !== key(after)) return 2;
  return entry(before) === entry(after) ? 0 : 1;
}
