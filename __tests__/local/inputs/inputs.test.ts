import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type FolderFiles, filesBelow, teamDatasets } from "../../../local/inputs/files";
import { inputsOf } from "../../../local/inputs/inputs";

let input: string;

beforeEach(() => {
  input = mkdtempSync(join(tmpdir(), "tributary-input-"));
});

afterEach(() => rmSync(input, { recursive: true }));

function write(...paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(input, path)), { recursive: true });
    writeFileSync(join(input, path), "");
  }
}

/** Keys by pipeline, and what nobody takes. */
function keysOf({ taken, untaken }: FolderFiles) {
  const { uploads, manifests, ledger } = taken;
  const [one, two, three] = [uploads, manifests, ledger].map((files) => files.map(({ key }) => key));
  return { uploads: one, manifests: two, ledger: three, untaken };
}

const NOTHING = { uploads: [], manifests: [], ledger: [], untaken: [] };

describe("a file of the user's", () => {
  test.each<[string, readonly string[], Partial<ReturnType<typeof keysOf>>]>([
    [
      "that stands where its key does keeps its path",
      ["input/customers/a/b.csv", "raw-json-data/2026/week6/c.ndjson", "raw-json-data/elsewhere/d"],
      {
        uploads: ["input/customers/a/b.csv"],
        ledger: ["raw-json-data/2026/week6/c.ndjson", "raw-json-data/elsewhere/d"],
      },
    ],
    [
      "below a folder named as a dataset is of that, whatever its name",
      ["clicks/a b.CSV", "customers/größe/x.json", "ml_events/2026/week06/a.json"],
      {
        uploads: ["input/customers/größe/x.json"],
        manifests: ["input/clicks/a b.CSV"],
        ledger: ["raw-json-data/2026/week06/a.json"],
      },
    ],
    [
      "that is loose is of the dataset with samples of its format",
      ["a.csv", "b.ndjson.gz", "in/c.json.zst", "input/D.CSV"],
      {
        uploads: ["input/customers/a.csv", "input/customers/input/D.CSV"],
        manifests: ["input/clicks/b.ndjson.gz"],
        ledger: ["raw-json-data/all_historical_files/in/c.json.zst"],
      },
    ],
    [
      "that two datasets have by one name is each one's own",
      ["customers/a.csv", "clicks/a.csv"],
      { uploads: ["input/customers/a.csv"], manifests: ["input/clicks/a.csv"] },
    ],
    [
      "that no dataset takes is named",
      ["a.jsonl", "input/custommers/a.csv", "notes.txt", "raw-json-data/2019/week06/a.json", "rows.parquet"],
      {
        untaken: [
          "a.jsonl",
          "input/custommers/a.csv",
          "notes.txt",
          "raw-json-data/2019/week06/a.json",
          "rows.parquet",
        ],
      },
    ],
  ])("%s", (_, paths, expected) => {
    write(...paths);
    expect(keysOf(filesBelow(input))).toEqual({ ...NOTHING, ...expected });
  });

  test("that is loose is of the only dataset of its format, and of none where there are several", () => {
    const [clicks] = teamDatasets().filter(({ name }) => name === "clicks");
    if (clicks === undefined) throw new Error("clicks is not declared");
    const named = (name: string) => ({ ...clicks, name, prefix: `input/${name}/` });
    write("a.ndjson");
    expect(keysOf(filesBelow(input, [named("one")])).manifests).toEqual(["input/one/a.ndjson"]);
    expect(keysOf(filesBelow(input, [named("one"), named("two")])).untaken).toEqual(["a.ndjson"]);
  });

  test("is a file, linked or not", () => {
    write("a.csv");
    mkdirSync(join(input, "folder.csv"));
    symlinkSync(join(input, "a.csv"), join(input, "link.csv"));
    symlinkSync(join(input, "nowhere"), join(input, "broken.csv"));
    expect(keysOf(filesBelow(input)).uploads).toEqual(["input/customers/a.csv", "input/customers/link.csv"]);
  });

  test("is the only one of its key", () => {
    write("customers/a.csv", "input/customers/a.csv");
    expect(() => filesBelow(input)).toThrow(
      '--input: expected one file for the key input/customers/a.csv, got ["customers/a.csv","input/customers/a.csv"]',
    );
  });
});

describe("inputs", () => {
  test("are none, for samples to take their place, where the user names no folder", () => {
    expect(inputsOf([])).toEqual({ rounds: { uploads: [], manifests: [], ledger: [] }, untaken: [] });
  });

  test("come folder by folder, each a round of the pipelines that it has files of", () => {
    write("first/a.csv", "first/b.ndjson", "second/a.csv", "second/notes.txt");
    const { rounds, untaken } = inputsOf([join(input, "first"), join(input, "second")]);
    const file = (folder: string, name: string, dataset: string) => ({
      path: join(input, folder, name),
      key: `input/${dataset}/${name}`,
      dataset,
    });
    expect(rounds).toEqual({
      uploads: [[file("first", "a.csv", "customers")], [file("second", "a.csv", "customers")]],
      manifests: [[file("first", "b.ndjson", "clicks")]],
      ledger: [],
    });
    expect(untaken).toEqual(["notes.txt"]);
  });

  test.each([
    [[], /--input: expected a folder with files of datasets \(.* clicks, customers, ml_events\), got "/],
    [["notes.txt"], /--input: expected a folder with files of datasets/],
  ])("have to be there: %j", (paths, message) => {
    write(...paths);
    expect(() => inputsOf([input])).toThrow(message);
  });

  test("have to be a folder", () => {
    write("a.csv");
    for (const path of ["a.csv", "none"]) {
      expect(() => inputsOf([join(input, path)])).toThrow(/--input: expected a folder, got "/);
    }
  });
});
