import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { archivedKey, unarchived } from "../../../../cli/operator/ledger/archived-key";
import { type Named, namedBy, namesIn } from "../../../../cli/operator/pipelines/named";
import { uploadQuarantineKeys } from "../../../../cli/operator/uploads/object-keys";
import { bucketName, loadEnvironment } from "../../../../environments/schema";
import { ROOT } from "../../../../setup/paths";
import { ensurePython } from "../../../../setup/python";

const environment = loadEnvironment("dev");
const at = (bucket: "raw" | "curated" | "quarantine" | "manifests", key: string) =>
  `s3://${bucketName(environment, bucket)}/${key}`;

const ID = "0123456789abcdef0123456789abcdef";
const MANIFEST = { is: "manifest", manifest: { dataset: "clicks", date: "2026-01-31", id: ID } };
const BATCH = { is: "batch", batch: 17 };
const file = (key: string, more: object = {}) => ({ is: "file", candidates: [{ key, ...more }] });
const told = (bucket: "curated" | "quarantine", key: string) => ({ is: "teller", bucket, key });

/** As it is compared: of datasets nothing but that there is one. */
function found(text: string): Named {
  const named = namedBy(environment, text);
  if (named.is !== "file") return named;
  return { ...named, candidates: named.candidates.map(({ dataset: _, ...meant }) => meant) };
}

describe("what an operator names", () => {
  test.each<[string, string, object]>([
    ["a key", "input/customers/a.csv", file("input/customers/a.csv")],
    ["a key with commas", "input/customers/a,b/1,2.csv", file("input/customers/a,b/1,2.csv")],
    ["an address of no dataset", at("raw", "elsewhere/a.csv"), file("elsewhere/a.csv")],
    ["a key with a line's end", "input/customers/a\nb.csv", file("input/customers/a\nb.csv")],
    ["an address", at("raw", "input/customers/a.csv"), file("input/customers/a.csv")],
    [
      "an archived file",
      at("raw", "raw-json-data-processed/2026/week05/v7/a.json"),
      file("raw-json-data/2026/week05/a.json", { version: "v7" }),
    ],
    ["a manifest", at("manifests", `manifests/clicks/2026-01-31/${ID}.json`), MANIFEST],
    ["its key", `manifests/clicks/2026-01-31/${ID}.json`, MANIFEST],
    ["its parts", `clicks/2026-01-31/${ID}`, MANIFEST],
    ["its receipt", at("manifests", `receipts/clicks/2026-01-31/${ID}.json`), MANIFEST],
    ["its Parquet", at("curated", `tables/clicks/date=2026-01-31/${ID}.parquet`), MANIFEST],
    ["its dead letters", `dead-letters/clicks/date=2026-01-31/${ID}.ndjson`, MANIFEST],
    ["a batch", "batch 17", BATCH],
    ["a batch in two words", "batch\t17", BATCH],
    ["its Parquet", "tables/ml_events/year=2026/month=1/day=31/mode=train/part-17-3.parquet", BATCH],
    ["its Parquet, without partitions", at("curated", "tables/gone/part-17-3.parquet"), BATCH],
    [
      "its dead letters",
      at("quarantine", "error-data-lake/json_malformed_records/17/part-17-1.ndjson"),
      BATCH,
    ],
    ["what it staged", "_staging/17/2/0/tables/ml_events/part-17-3.parquet", BATCH],
    [
      "an upload's Parquet",
      at("curated", "tables/customers/part-17-3.parquet"),
      told("curated", "stats/customers/part-17-3/"),
    ],
    ["its CSV", "csv/customers/a-0123.csv", told("curated", "stats/customers/a-0123/")],
    ["its stats", "stats/customers/a-0123/v1.json", told("curated", "stats/customers/a-0123/v1.json")],
    [
      "its dead letters",
      "dead-letters/customers/a-0123/v1.ndjson",
      told("quarantine", "dead-letters/customers/a-0123/v1.ndjson"),
    ],
    [
      "its copy",
      at("quarantine", "files/customers/a-0123/v1/a.csv"),
      told("quarantine", "files/customers/a-0123/v1/reason.json"),
    ],
    [
      "a copy of the other pipelines",
      "quarantine/2026-01-31/0123-v1/a.ndjson",
      told("quarantine", "quarantine/2026-01-31/0123-v1/reason.json"),
    ],
    [
      "a row as JSON",
      '{"id": 1, "_source_file": "input/customers/a.csv", "_source_version": "v1", "_source_line": 7}',
      file("input/customers/a.csv", { version: "v1", line: 7 }),
    ],
    ["a row with its file alone", '{"_source_file": "a/b.csv"}', file("a/b.csv")],
    [
      "a dead letter",
      '{"source":"ab","source_bucket":"raw","source_key":"a/b.csv","source_version":"v1","line":3}',
      file("a/b.csv", { version: "v1", line: 3 }),
    ],
    ["columns between tabs", "a/b c.csv\tv1\t7", file("a/b c.csv", { version: "v1", line: 7 })],
    ["columns with a revision", "a/b.ndjson\tv1\t2\t7", file("a/b.ndjson", { version: "v1", line: 7 })],
    ["columns between bars", "| a/b.csv | v1 | 7 |", file("a/b.csv", { version: "v1", line: 7 })],
    ["columns of CSV", '"a/b.csv","v1","7"', file("a/b.csv", { version: "v1", line: 7 })],
    [
      "columns with their heads",
      "id,_source_line,_source_file,_source_version\n1,7,a/b.csv,v1",
      file("a/b.csv", { version: "v1", line: 7 }),
    ],
    [
      "names with values",
      "_source_file=a/b.csv _source_version=v1 _source_line=7",
      file("a/b.csv", { version: "v1", line: 7 }),
    ],
  ])("%s: %j", (_, text, named) => {
    expect(found(text)).toEqual(named);
  });

  test("a name is looked for below each dataset's prefix", () => {
    const named = found("a.csv");
    expect(named.is === "file" && named.candidates.map(({ key }) => key)).toEqual(
      expect.arrayContaining(["input/customers/a.csv", "raw-json-data/a.csv"]),
    );
  });

  test.each(["2026/week05/a.json", "{looks}/like JSON.csv"])(
    "%s is looked for as it is, and below each dataset's prefix",
    (text) => {
      const named = found(text);
      expect(named.is === "file" && named.candidates.map(({ key }) => key)).toEqual(
        expect.arrayContaining([text, `raw-json-data/${text}`]),
      );
    },
  );

  test("a batch may be two of several words", () => {
    expect(namesIn(["batch", "17", "a.csv", "batch", "18", "17", "batch"])).toEqual([
      "batch 17",
      "a.csv",
      "batch 18",
      "17",
      "batch",
    ]);
  });

  test.each([
    ["an object of another bucket", "s3://another/a.csv"],
    ["an object that is of no file", at("curated", "results/a.csv")],
    ["a row that names no file", '{"id": 1}'],
    ["one file beside another", "input/customers/a.csv\tinput/customers/b.csv"],
  ])("%s is refused", (_, text) => {
    expect(() => found(text)).toThrow(/^FILE: expected (a|one)/);
  });
});

const KEYS = [
  "raw-json-data/2026/week05/a.json",
  "input/customers/Jänner 2026.csv.gz",
  "input/customers/---.csv",
  `input/customers/${"x".repeat(100)}é.csv`,
  `raw-json-data/${"d/".repeat(440)}${"é".repeat(60)}.json`,
];

describe("names that both languages make", () => {
  test("are those of the jobs", async () => {
    const { python } = await ensurePython("run", () => {});
    const script = [
      "import json, sys",
      "from tributary.batch.names import archived_key",
      "from tributary.uploads.names import object_keys",
      "keys = json.loads(sys.argv[1])",
      "def names(key):",
      "    made = object_keys('customers', key, 'v1')",
      "    return [made.dead_letters, made.whole_file_reason, archived_key(key, 'v1', key.split('/')[0] + '/')]",
      "print(json.dumps([names(key) for key in keys]))",
    ].join("\n");
    const cwd = join(ROOT, "glue");
    const made = JSON.parse(execFileSync(python, ["-c", script, JSON.stringify(KEYS)], { cwd }).toString());
    const ours = KEYS.map((key) => {
      const { deadLetters, wholeFile } = uploadQuarantineKeys("customers", key, "v1");
      return [deadLetters, `${wholeFile}reason.json`, archivedKey(key, "v1", `${key.split("/")[0]}/`)];
    });
    expect(ours).toEqual(made);
  });

  test("lead back from an archived file, unless it was shortened", () => {
    const [plain = "", , , , long = ""] = KEYS;
    const prefix = "raw-json-data/";
    expect(unarchived(archivedKey(plain, "v1", prefix), prefix)).toEqual({ key: plain, version: "v1" });
    expect(unarchived(archivedKey(long, "v1", prefix), prefix)).toBeUndefined();
    expect(unarchived(plain, prefix)).toBeUndefined();
  });
});
