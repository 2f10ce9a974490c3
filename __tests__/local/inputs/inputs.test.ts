import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { inputsOf } from "../../../local/inputs/inputs";

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

test("are the samples, and generated files, where the user names no folder", () => {
  expect(inputsOf({ samples })).toEqual({ uploads: { folder: samples, files: ["sample.csv"] } });
});

test.each([
  ["CSV files", ["a.csv", "b.csv.gz", "notes.txt"], { uploads: ["a.csv", "b.csv.gz"] }],
  ["NDJSON files", ["a.ndjson", "b.ndjson.gz"], { manifests: ["a.ndjson", "b.ndjson.gz"] }],
  ["JSON files", ["a.json", "b.json.gz", "c.jsonl"], { ledger: ["a.json", "b.json.gz"] }],
  [
    "files in the ledger pipeline's own folders",
    [
      "raw-json-data/2026/week06/a.ndjson",
      "raw-json-data/2019/week06/a.json",
      "raw-json-data/2026/week6/a.csv",
      "raw-json-data/all_historical_files/b",
      "raw-json-data/elsewhere/a.json",
    ],
    {
      ledger: [
        "raw-json-data/2026/week06/a.ndjson",
        "raw-json-data/2026/week6/a.csv",
        "raw-json-data/all_historical_files/b",
        "raw-json-data/elsewhere/a.json",
      ],
    },
  ],
  [
    "files of all kinds",
    ["a.csv", "b.ndjson", "c.json"],
    { uploads: ["a.csv"], manifests: ["b.ndjson"], ledger: ["c.json"] },
  ],
])("are the user's %s, and samples for the other pipelines", (_, files, expected) => {
  for (const file of files) {
    mkdirSync(dirname(join(input, file)), { recursive: true });
    writeFileSync(join(input, file), "");
  }
  const { uploads, manifests, ledger } = inputsOf({ samples, input });
  const found = {
    uploads: uploads.files,
    manifests: manifests?.files,
    ledger: ledger?.listed.flatMap((folder) => folder.files),
  };
  expect(found).toEqual({ uploads: ["sample.csv"], manifests: undefined, ledger: undefined, ...expected });
});

test("have to be there", () => {
  expect(() => inputsOf({ samples, input })).toThrow(
    /--input: expected a folder with \.csv, \.ndjson or \.json files, .*, got "/,
  );
  expect(() => inputsOf({ samples, input: join(input, "none") })).toThrow(
    /--input: expected a folder, got ".*none"$/,
  );
});
