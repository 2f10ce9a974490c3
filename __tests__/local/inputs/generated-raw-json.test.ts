import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { generateRawJson } from "../../../local/inputs/generated-raw-json";
import { rawJsonFiles } from "../../../local/inputs/uploads";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tributary-raw-json-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

test("raw JSON of weeks before the first year is left out", () => {
  for (const place of ["2019/week01", "2026/week01", "2026/week54", "all_historical_files"]) {
    mkdirSync(join(folder, "raw-json-data", place), { recursive: true });
    writeFileSync(join(folder, "raw-json-data", place, "a.json"), "{}");
  }
  expect(rawJsonFiles(folder)).toEqual(
    ["2026/week01", "2026/week54", "all_historical_files"].map((place) =>
      join("raw-json-data", place, "a.json"),
    ),
  );
});

test("generated raw JSON is the same every time, of all forms, and in folders that are listed", () => {
  const [first, second] = ["first", "second"].map((name) => {
    const generated = generateRawJson(join(folder, name));
    const files = [...generated.historical, ...generated.weekly];
    expect(rawJsonFiles(join(folder, name))).toEqual(files.toSorted());
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
