import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { filesBelow } from "../../../local/inputs/files";
import { generateRawJson } from "../../../local/inputs/generated-raw-json";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tributary-raw-json-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

test("generated raw JSON is the same every time, of all forms, and in folders that are listed", () => {
  const [first, second] = ["first", "second"].map((name) => {
    const generated = generateRawJson(join(folder, name));
    const files = [...generated.historical, ...generated.weekly];
    expect(filesBelow(join(folder, name)).taken.ledger.map(({ key }) => key)).toEqual(files.toSorted());
    const contents = files.map((file) => readFileSync(join(folder, name, file)));
    expect(generated.bytes).toBe(contents.reduce((sum, content) => sum + content.length, 0));
    return contents;
  });
  expect(Buffer.concat(second ?? []).equals(Buffer.concat(first ?? []))).toBe(true);
  const forms = new Map<string, number>();
  for (const content of first ?? []) forms.set(formOf(content), (forms.get(formOf(content)) ?? 0) + 1);
  expect(Object.fromEntries(forms)).toEqual({
    document: expect.any(Number),
    lines: expect.any(Number),
    array: 180,
    broken: expect.any(Number),
    gzip: 1,
  });
});

function formOf(content: Buffer): string {
  if (content[0] === 0x1f) return "gzip";
  const text = content.toString();
  if (text.startsWith("[")) return "array";
  if (text.trimEnd().includes("\n")) return "lines";
  try {
    JSON.parse(text);
    return "document";
  } catch {
    return "broken";
  }
}
