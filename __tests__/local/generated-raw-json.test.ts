import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { generateRawJson } from "../../local/generated-raw-json";
import { rawJsonFiles } from "../../local/uploads";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tributary-raw-json-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

test("generated raw JSON is the same every time, of all forms, and in folders that are listed", () => {
  const [first, second] = ["first", "second"].map((name) => {
    const generated = generateRawJson(join(folder, name));
    const files = [...generated.historical, ...generated.weekly];
    expect(rawJsonFiles(join(folder, name))).toEqual(files.toSorted());
    const texts = files.map((file) => readFileSync(join(folder, name, file), "utf8"));
    expect(generated.bytes).toBe(texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0));
    return texts;
  });
  expect(second).toEqual(first);
  const forms = new Map<string, number>();
  for (const text of first ?? []) forms.set(formOf(text), (forms.get(formOf(text)) ?? 0) + 1);
  expect(Object.fromEntries(forms)).toEqual({
    document: expect.any(Number),
    lines: expect.any(Number),
    array: 180,
    broken: expect.any(Number),
  });
});

function formOf(text: string): string {
  if (text.startsWith("[")) return "array";
  if (text.trimEnd().includes("\n")) return "lines";
  try {
    JSON.parse(text);
    return "document";
  } catch {
    return "broken";
  }
}
