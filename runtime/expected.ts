/** The form of every message about input: where it is, what was expected, what was found. */

/** Maximum number of characters of what was found: a log takes no array of thousands. */
const MAX_SHOWN = 200;

/** As in `expected a whole number from 2 to 100, got "3x"`. */
export function expected(what: string, got: unknown): string {
  return `expected ${what}, got ${shown(got)}`;
}

/** The same with its place in front, which `is required` where nothing was found. */
export function expectedAt(where: string, what: string, got: unknown): string {
  return got === undefined ? `${where} is required: expected ${what}` : `${where}: ${expected(what, got)}`;
}

/** As in `unknown key "colums"; did you mean "columns"?`, or with all known ones where none is like it. */
export function unknownKey(key: string, known: readonly string[]): string {
  const [nearest] = known
    .map((name) => ({ name, edits: editsBetween(key, name) }))
    .sort((one, other) => one.edits - other.edits);
  const isLike = nearest !== undefined && nearest.edits * 3 <= key.length;
  const wayOut = isLike ? `did you mean "${nearest.name}"?` : `known are ${known.join(", ") || "none"}`;
  return `unknown key ${shown(key)}; ${wayOut}`;
}

/** A value as JSON, shortened; a number that JSON has not is as JavaScript writes it. */
function shown(got: unknown): string {
  const text = isNumber(got) ? String(got) : (JSON.stringify(got, numbersKept) ?? String(got));
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 1)}…` : text;
}

function numbersKept(_key: string, value: unknown): unknown {
  return isNumber(value) && !Number.isFinite(value) ? String(value) : value;
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

/** Characters to insert, delete or replace (Levenshtein's distance). */
function editsBetween(one: string, other: string): number {
  let before = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row++) {
    const now = [row];
    for (let column = 1; column <= other.length; column++) {
      const replaced = Number(before[column - 1]) + (one[row - 1] === other[column - 1] ? 0 : 1);
      now.push(Math.min(Number(before[column]) + 1, Number(now[column - 1]) + 1, replaced));
    }
    before = now;
  }
  return Number(before[other.length]);
}
