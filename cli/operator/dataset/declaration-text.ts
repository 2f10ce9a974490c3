/** Text of a declaration, as the formatter of this project leaves it. */

const WIDTH = 110;

type Value = unknown;

/** Writes JSON whose top is one key a line, and inside of which stands on one line what fits there. */
export function declarationText(document: Readonly<Record<string, Value>>): string {
  return `${expanded(document, "")}\n`;
}

function textOf(value: Value, indent: string, taken: number): string {
  const line = inline(value);
  const fits = indent.length + taken + line.length + 1 <= WIDTH;
  return (fits && !isListOfObjects(value)) || typeof value !== "object" ? line : expanded(value, indent);
}

function isListOfObjects(value: Value): boolean {
  return (
    Array.isArray(value) &&
    value.length > 1 &&
    value.every((each) => typeof each === "object" && each !== null)
  );
}

function expanded(value: Value, indent: string): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items = value.map((each) => inner + textOf(each, inner, 0));
    return items.length === 0 ? "[]" : `[\n${items.join(",\n")}\n${indent}]`;
  }
  if (value === null) return "null";
  const members = Object.entries(value as object).map(([key, each]) => {
    const name = `${JSON.stringify(key)}: `;
    return inner + name + textOf(each, inner, name.length);
  });
  return members.length === 0 ? "{}" : `{\n${members.join(",\n")}\n${indent}}`;
}

function inline(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${inline(each)}`);
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}
