import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { inputsOf } from "../../local/inputs";

let samples: string;
let input: string;

beforeEach(() => {
  samples = mkdtempSync(join(tmpdir(), "tributary-samples-"));
  input = mkdtempSync(join(tmpdir(), "tributary-input-"));
  writeFileSync(join(samples, "sample.csv"), "");
});

afterEach(() => {
  for (const folder of [samples, input]) rmSync(folder, { recursive: true });
});

test("are the samples, and generated NDJSON, where the user names no folder", () => {
  expect(inputsOf({ samples })).toEqual({ csv: { folder: samples, files: ["sample.csv"] } });
});

test.each([
  ["CSV files", ["a.csv", "b.csv.gz", "notes.txt"], { csv: ["a.csv", "b.csv.gz"], ndjson: undefined }],
  ["NDJSON files", ["a.ndjson", "b.ndjson.gz"], { csv: ["sample.csv"], ndjson: ["a.ndjson", "b.ndjson.gz"] }],
  ["both", ["a.csv", "b.ndjson"], { csv: ["a.csv"], ndjson: ["b.ndjson"] }],
])("are the user's %s, and samples for the other pipeline", (_, files, expected) => {
  for (const file of files) writeFileSync(join(input, file), "");
  const { csv, ndjson } = inputsOf({ samples, input });
  expect({ csv: csv.files, ndjson: ndjson?.files }).toEqual(expected);
});

test("have to be there", () => {
  expect(() => inputsOf({ samples, input })).toThrow(/holds no .csv, .csv.gz, .ndjson or .ndjson.gz file/);
  expect(() => inputsOf({ samples, input: join(input, "none") })).toThrow(/is no folder/);
});
