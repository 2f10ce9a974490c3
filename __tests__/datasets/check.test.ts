import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { checkFolder, checkFolders, declaredFolders, shown } from "../../datasets/schema/check";
import { read } from "../docs/pages";
import { declaration } from "../support/dataset";

const PLACE = mkdtempSync(join(tmpdir(), "tributary-datasets-"));
afterAll(() => rmSync(PLACE, { recursive: true }));

let folders = 0;

/** Folder `name` with a declaration, in a place of its own. */
function folderWith(text: string, { name = "events", transform = false } = {}): string {
  const folder = join(PLACE, String(folders++), name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "dataset.json"), text);
  if (transform) writeFileSync(join(folder, "transform.sql"), "SELECT 1");
  return folder;
}

/** Problems of a declaration without the file, as `3:5: …`. */
function problemsOfText(text: string): string[] {
  const folder = folderWith(text);
  return checkFolder(folder).map((finding) => shown(finding).slice(finding.file.length + 1));
}

/** Problems of a declaration without file, line and column. */
function problemsOf(fields: object, options: { transform?: boolean } = {}): string[] {
  return checkFolder(folderWith(JSON.stringify(declaration(fields)), options)).map(({ message }) => message);
}

const ID = { name: "id", type: "string" };
const YEAR = { name: "year", type: "string" };
const COUNT = { name: "count", type: "bigint" };
const LEDGER = { pipeline: "ledger", columns: [ID, YEAR, COUNT], partitions: ["year"], sort: "count" };
const MANIFESTS = { pipeline: "manifests", format: { kind: "ndjson" }, dates: { from: "2020-01-01" } };
const NDJSON = { format: { kind: "ndjson" } };
const HEADLESS = { format: { kind: "csv", header: false } };

describe("a declaration", () => {
  test.each<[string, object, { transform?: boolean }?]>([
    ["of text", {}],
    ["of text in manifests", MANIFESTS],
    ["of columns", { columns: [ID, { ...COUNT, header: "Cost Total $", grouping: "," }] }],
    ["without a header", { ...HEADLESS, columns: [{ ...ID, position: 2 }] }],
    ["of a transform", { columns: [ID], outputColumns: [COUNT] }, { transform: true }],
    ["of batches", LEDGER],
    ["of batches by mode", { ...LEDGER, partitions: ["id"], partitionValues: { id: ["a", "b"] } }],
    ["of one key in two columns", { ...NDJSON, columns: [ID, { ...COUNT, key: "id" }] }],
    [
      "of struct fields with keys",
      {
        ...NDJSON,
        columns: [{ name: "who", type: "array<struct<user_id:int>>", keys: { user_id: "userId" } }],
      },
    ],
    [
      "of texts in other spellings",
      {
        columns: [
          { name: "at", type: "instant", dates: ["iso", "%d/%m/%Y"], zone: "Europe/Berlin" },
          { name: "sum", type: "decimal(9,2)", decimal: ",", grouping: "." },
          { name: "paid", type: "boolean", true: ["yes"], false: ["no"] },
        ],
      },
    ],
    ["with CSV beside", { columns: [ID], outputs: { csv: true, csvFormulas: "kept" } }],
    ["of envelopes", { format: { kind: "json", records: ["Records"], around: ["owner"] } }],
  ])("%s has no problem", (_, fields, options = {}) => {
    expect(problemsOf(fields, options)).toEqual([]);
  });

  test.each<[string, object, string, { transform?: boolean }?]>([
    [
      "a column twice",
      { columns: [ID, ID] },
      'columns[1].name: expected a name that no column before has, got "id"',
    ],
    [
      "a column called line",
      { columns: [{ ...ID, name: "line" }] },
      'columns[0].name: expected another name (the number of a row in its file is called line), got "line"',
    ],
    [
      "a key in CSV",
      { columns: [{ ...ID, key: "ID" }] },
      'columns[0].key: expected none (fields of csv are found by header or position), got "ID"',
    ],
    [
      "a header in JSON",
      { ...NDJSON, columns: [{ ...ID, header: "ID" }] },
      'columns[0].header: expected none (fields of ndjson are found by key or path), got "ID"',
    ],
    [
      "a position beside a header",
      { columns: [{ ...ID, position: 1 }] },
      "columns[0].position: expected none (the header names the fields; without one, declare format.header false), got 1",
    ],
    [
      "neither header nor position",
      { ...HEADLESS, columns: [ID] },
      "columns[0].position is required: expected a whole number from 1 (format.header is false)",
    ],
    [
      "a header where there is none",
      { ...HEADLESS, columns: [{ ...ID, position: 1, header: "ID" }] },
      'columns[0].header: expected none (format.header is false), got "ID"',
    ],
    [
      "text without a header",
      HEADLESS,
      "columns is required: expected a list of at least one column (without a header nothing names the fields)",
    ],
    [
      "a header twice",
      { columns: [ID, { ...COUNT, header: " ID " }] },
      'columns[1].header: expected a field that no column before reads, got " ID "',
    ],
    [
      "a header twice, written in two ways",
      {
        columns: [
          { ...ID, header: "STRASSE\u00e9" },
          { ...COUNT, header: "\u200bStra\u00dfee\u0301" },
        ],
      },
      'columns[1].header: expected a field that no column before reads, got "\u200bStra\u00dfee\u0301"',
    ],
    [
      "CSV of text",
      { format: { kind: "ndjson" }, outputs: { parquet: { compression: "snappy" }, csv: true } },
      "outputs.csv: expected false (CSV has the declared columns, and there are none), got true",
    ],
    [
      "a position twice",
      {
        ...HEADLESS,
        columns: [
          { ...ID, position: 1 },
          { ...COUNT, position: 1 },
        ],
      },
      "columns[1].position: expected a field that no column before reads, got 1",
    ],
    [
      "key and path",
      { ...NDJSON, columns: [{ ...ID, key: "a", path: ["a"] }] },
      'columns[0].path: expected no path beside a key (leave one of the two out), got ["a"]',
    ],
    [
      "an array in CSV",
      { columns: [{ ...ID, type: "array<int>" }] },
      'columns[0].type: expected a type of single values (a field of csv has no parts), got "array<int>"',
    ],
    [
      "a way of reading that is of another type",
      { columns: [{ ...COUNT, text: "lower" }] },
      'columns[0].text: expected none (of the types string alone), got "lower"',
    ],
    [
      "a zone of a date",
      { columns: [{ name: "day", type: "date", zone: "UTC" }] },
      'columns[0].zone: expected none (of the types timestamp, instant alone), got "UTC"',
    ],
    [
      "one sign for two things",
      { columns: [{ ...COUNT, grouping: "." }] },
      'columns[0].grouping: expected another sign than the decimal one, got "."',
    ],
    [
      "a word that is true and false",
      { columns: [{ name: "paid", type: "boolean", true: ["false"] }] },
      'columns[0].true: expected other texts than false, which are true and false, got ["false"]',
    ],
    [
      "a key of no field",
      { ...NDJSON, columns: [{ name: "who", type: "struct<id:int>", keys: { user_id: "userId" } }] },
      'columns[0].keys.user_id: expected the key of a field of its type: id, got "userId"',
    ],
    [
      "an escape that is the delimiter",
      { format: { kind: "csv", escape: "," } },
      'format.escape: expected another character than the delimiter, got ","',
    ],
    [
      "a comment that is the escape",
      { format: { kind: "csv", escape: "#", comment: "#" } },
      'format.comment: expected another character than delimiter and escape, got "#"',
    ],
    [
      "something around no records",
      { format: { kind: "json", around: ["owner"] } },
      'format.around: expected none (without format.records nothing stands around the rows), got ["owner"]',
    ],
    [
      "a text dataset that drops all",
      { undeclared: "drop" },
      'undeclared: expected "keep" (without columns no field is declared), got "drop"',
    ],
    [
      "output columns without a transform",
      { columns: [ID], outputColumns: [COUNT] },
      "outputColumns: expected none (there is no transform.sql, so the columns are the output), got [",
    ],
    [
      "a transform without output columns",
      { columns: [ID] },
      "outputColumns is required: expected what transform.sql returns",
      { transform: true },
    ],
    [
      "a transform of text",
      { outputColumns: [ID] },
      "columns is required: expected a list of at least one column (transform.sql reads them)",
      { transform: true },
    ],
    [
      "a date beside the partition",
      { ...MANIFESTS, columns: [{ name: "date", type: "date" }] },
      'columns[0].name: expected another name (date is the partition of this pipeline\'s tables), got "date"',
    ],
    [
      "a partition of an upload",
      { columns: [ID, YEAR], partitions: ["year"] },
      'partitions: expected none (an upload becomes one object, put at once, which lies in one place), got ["year"]',
    ],
    [
      "a partition of a manifest",
      { ...MANIFESTS, columns: [ID, YEAR], partitions: ["year"] },
      'partitions: expected none (a manifest becomes one object, put at once, in the partition of its date), got ["year"]',
    ],
    [
      "no partition of a batch",
      { ...LEDGER, partitions: undefined },
      "partitions is required: expected at least one output column (a batch is published by partition)",
    ],
    [
      "text in batches",
      { pipeline: "ledger" },
      "columns is required: expected a list of at least one column (a batch is published by partition, which is a column)",
    ],
    [
      "an unknown partition",
      { ...LEDGER, partitions: ["month"] },
      'partitions[0]: expected an output column of type string: id, year, got "month"',
    ],
    [
      "a partition of another type",
      { ...LEDGER, partitions: ["year", "count"], sort: "id" },
      'partitions[1]: expected an output column of type string: id, year, got "count"',
    ],
    [
      "nothing but partitions",
      { ...LEDGER, columns: [YEAR] },
      'partitions: expected fewer (an output column must be left to stand in the files), got ["year"]',
    ],
    [
      "a partition whose values nobody knows",
      { ...LEDGER, partitions: ["id"] },
      "partitionValues.id is required: expected a list of texts (of partitions only year, month and day do without)",
    ],
    [
      "values of no partition",
      { ...LEDGER, partitionValues: { id: ["a"] } },
      'partitionValues.id: expected none but of partitions: year, got ["a"]',
    ],
    [
      "an order of an upload",
      { columns: [ID], sort: "id" },
      'sort: expected none (rows stay in the order of their file), got "id"',
    ],
    [
      "no order of a batch",
      { ...LEDGER, sort: undefined },
      "sort is required: expected an output column that stands in the files: id, count",
    ],
    [
      "an order by partition",
      { ...LEDGER, sort: "year" },
      'sort: expected an output column that stands in the files: id, count, got "year"',
    ],
    [
      "dates of uploads",
      { dates: { from: "2020-01-01" } },
      "dates: expected none (of the manifests pipeline alone), got ",
    ],
    [
      "a size of uploads",
      { size: { megabytes: 1 } },
      "size: expected none (of the manifests pipeline alone), got ",
    ],
    [
      "no dates in manifests",
      { ...MANIFESTS, dates: undefined },
      'dates is required: expected the first date, as { "from": "2020-01-31" } (the name of a file begins with its date)',
    ],
    [
      "CSV of batches",
      { ...LEDGER, outputs: { csv: true } },
      "outputs.csv: expected false (only an upload has one output, which a CSV file can stand beside), got true",
    ],
    [
      "CSV of arrays",
      { ...NDJSON, columns: [{ name: "a", type: "array<int>" }], outputs: { csv: true } },
      "outputs.csv: expected false (CSV has neither arrays nor structs), got true",
    ],
    [
      "formulas of no CSV",
      { outputs: { csvFormulas: "kept" } },
      'outputs.csvFormulas: expected none (no CSV is published), got "kept"',
    ],
    [
      "its files among those that the ledger pipeline has processed",
      { prefix: "raw-json-data-processed/2026/" },
      "prefix: expected one apart from raw-json-data-processed/ (the ledger pipeline keeps processed files there)",
    ],
  ])("has not %s", (_, fields, message, options = {}) => {
    expect(problemsOf(fields, options)).toEqual([expect.stringContaining(message)]);
  });
});

describe("the check", () => {
  test("keeps a dataset apart from what another one's processed files become", () => {
    const files = { ...LEDGER, name: "files", prefix: "input/files/" };
    const others = { name: "others", prefix: "input-processed/files/v1/" };
    const folders = [files, others].map((fields) =>
      folderWith(JSON.stringify(declaration(fields)), { name: fields.name }),
    );
    expect(checkFolders(folders).findings.map(({ message }) => message)).toEqual([
      expect.stringContaining(
        "prefix: expected one apart from input-processed/files/ (the ledger pipeline keeps",
      ),
    ]);
  });

  test("names every problem of a file with line and column, and what the docs show", () => {
    const problems = problemsOfText(`{
  "name": "events",
  "description": "Events.",
  "owner": "shop",
  "classification": "secret",
  "pipeline": "uploads",
  "prefix": "input/events/",
  "format": { "kind": "csv", "delimiter": "||" },
  "colums": [],
  "columns": [
    { "name": "Cities", "type": "text" },
    { "type": "string" }
  ],
  "dates": { "from": "2020-01-01" }
}`);
    expect(problems.map((problem) => problem.split(" ")[0])).toEqual([
      "5:3:",
      "8:30:",
      "9:3:",
      "11:7:",
      "11:25:",
      "12:5:",
      "14:3:",
    ]);
    const shownInDocs = problems.map((problem) => `datasets/events/dataset.json:${problem}`);
    expect(read("docs/datasets.md")).toContain(`\`\`\`text\n${shownInDocs.join("\n")}\n\`\`\``);
  });

  test("finds nothing in the declaration that the docs show", () => {
    const [, text = ""] = /^```json\n(\{\n {2}"\$schema".+?)^```/ms.exec(read("docs/datasets.md")) ?? [];
    expect(checkFolder(folderWith(text, { name: "orders" }))).toEqual([]);
  });

  test.each([
    ["a comment", '{\n  // mine\n  "name": "a" }', "2:3: expected JSON: invalid comment token"],
    ["a trailing comma", '{ "name": "a", }', "1:16: expected JSON: property name expected"],
    ["nothing", "", "1:1: expected JSON: value expected"],
  ])("says where %s is no JSON", (_, text, problem) => {
    expect(problemsOfText(text)).toContain(problem);
  });

  test("says what a key that stands there twice would hide", () => {
    const text = JSON.stringify(declaration()).replace("{", '{"owner":"a",');
    expect(problemsOfText(text)).toEqual(['1:54: the key "owner" stands there twice']);
  });

  test.each(["[]", "null", '"orders"'])("takes %s for no declaration", (text) => {
    expect(problemsOfText(text)).toEqual([expect.stringMatching(/^1:1: expected an object with .+, got /)]);
  });

  test("says that the folder has another name", () => {
    const folder = folderWith(JSON.stringify(declaration()), { name: "orders" });
    expect(checkFolder(folder).map(({ message }) => message)).toEqual([
      'name: expected its folder\'s name, "orders", got "events"',
    ]);
  });
});

describe("two datasets", () => {
  const both = (one: string, other: string, name = "others") => {
    const texts = [declaration({ prefix: one }), declaration({ name, prefix: other })];
    const [first = "", second = ""] = texts.map((text, index) =>
      folderWith(JSON.stringify(text), index === 0 ? {} : { name }),
    );
    const { findings } = checkFolders([first, second]);
    const files = [first, second].map((folder) => join(folder, "dataset.json"));
    return files.map((file) => findings.filter((each) => each.file === file).map(({ message }) => message));
  };

  test.each([
    ["input/a/", "input/b/"],
    ["input/a/", "input/a_b/"],
    ["a/", "b/"],
  ])("may lie under %s and %s", (one, other) => {
    expect(both(one, other)).toEqual([[], []]);
  });

  test.each([
    ["input/a/", "input/a/"],
    ["input/a/", "input/"],
    ["input/", "input/a/"],
  ])("have no file in common, as under %s and %s", (one, other) => {
    expect(both(one, other)).toEqual([
      [expect.stringMatching(/^prefix: expected one (outside of|that does not hold) /)],
      [expect.stringMatching(/^prefix: expected one (outside of|that does not hold) /)],
    ]);
  });
});

describe("a dataset beside those of smoke tests", () => {
  const beside = (fields: object, name = "events") => {
    const folder = folderWith(JSON.stringify(declaration({ name, ...fields })), { name });
    const { findings } = checkFolders([...declaredFolders(), folder]);
    return findings.filter(({ file }) => file === join(folder, "dataset.json")).map(({ message }) => message);
  };

  test.each([
    ["smoke_alarms", "input/smoke_uploads_of_ours/"],
    ["orders", "input/orders/"],
  ])("may be %s under %s", (name, prefix) => {
    expect(beside({ prefix }, name)).toEqual([]);
  });

  test("has no name of them, whose table it would be", () => {
    expect(beside({}, "smoke_uploads")).toEqual([
      'name: expected one that glue/tributary/datasets/platform/smoke_uploads has not, got "smoke_uploads"',
    ]);
  });

  test("has no files among theirs, with which they would expire", () => {
    expect(beside({ prefix: "input/smoke_uploads/orders/" })).toEqual([
      "prefix: expected one outside of glue/tributary/datasets/platform/smoke_uploads (input/smoke_uploads/), got " +
        '"input/smoke_uploads/orders/"',
    ]);
  });

  test("holds theirs only where the same pipeline takes both", () => {
    expect(beside({ ...LEDGER, prefix: "raw-json-data/all_historical_files/" })).toEqual([
      expect.stringContaining("expected one outside of datasets/ml_events (raw-json-data/)"),
    ]);
    expect(beside({ prefix: "input/" })).toContainEqual(
      expect.stringContaining(
        "expected one that does not hold glue/tributary/datasets/platform/smoke_manifests",
      ),
    );
    expect(beside({ prefix: "input/" }).join()).not.toContain("smoke_uploads");
  });
});
