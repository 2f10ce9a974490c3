/** Looks into the values of a plan. */

export type Members = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Members of an object; none of anything else. */
export function membersOf(value: unknown): Members {
  return isObject(value) ? value : {};
}

/** A list as it is, and anything else as a list of one; nothing as none. */
export function listOf(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** Object or list that a text is the JSON of; undefined for any other. */
export function parsed(text: unknown): unknown {
  if (typeof text !== "string" || !/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Groups values by a key, in the order of their first. */
export function groupedBy<Value>(
  values: readonly Value[],
  keyOf: (value: Value) => string,
): [Value, ...Value[]][] {
  const groups = new Map<string, [Value, ...Value[]]>();
  for (const each of values) {
    const group = groups.get(keyOf(each));
    if (group === undefined) groups.set(keyOf(each), [each]);
    else group.push(each);
  }
  return [...groups.values()];
}
