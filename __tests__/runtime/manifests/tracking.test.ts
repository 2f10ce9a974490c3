import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "@jest/globals";
import {
  endFile,
  fromItem,
  headKey,
  openPartitions,
  putIfNew,
  readTracked,
  type TrackedFile,
  toItem,
  versionKey,
} from "../../../runtime/manifests/tracking";
import { SMOKE_PREFIXES } from "../../../runtime/smoke";
import { MemoryAws } from "../../handlers/support/memory-aws";
import { kilobytes } from "../../handlers/support/memory-table";

const NOW = new Date("2026-01-31T12:00:00.000Z");
const FILE: TrackedFile = {
  bucket: "tributary-prod-raw-123456789012",
  key: "input/clicks/2026-01-31-a.ndjson",
  date: "2026-01-31",
  version: "v".repeat(32),
  dataset: "clicks",
  size: 3_500_000,
  sequencer: "0".repeat(64),
  uploadedAt: NOW.toISOString(),
  revision: 1,
  status: "manifested",
  manifestPath: `manifests/clicks/2026-01-31/${"0".repeat(32)}.json`,
  createdAt: NOW.toISOString(),
  updatedAt: NOW.toISOString(),
};
const END = {
  status: "completed" as const,
  manifestPath: FILE.manifestPath ?? "",
  generation: 0,
  jobRunId: "jr_1",
};

function makeTable() {
  const aws = new MemoryAws();
  return { aws, table: { client: aws.client<DynamoDBClient>(), name: "files", shards: 16 } };
}

describe("an item of the tracking table", () => {
  test("has the documented keys and attributes, in one write unit", () => {
    const item = toItem(FILE, headKey(FILE, 16), 16);
    expect(item).toMatchObject({
      // sha256sum of the key begins with cab7000b, which is 11 modulo 16
      date_prefix: { S: "2026-01-31#11" },
      file_name: { S: FILE.key },
      file_path: { S: `s3://${FILE.bucket}/${FILE.key}` },
      file_size_mb: { N: "3.500000" },
      status: { S: "manifested" },
      open_shard: { S: "manifested#11" },
    });
    expect(item).not.toHaveProperty("ttl");
    expect(kilobytes(item)).toBe(1);
    expect(versionKey(FILE, 16)).toEqual({
      date_prefix: "2026-01-31#11#versions",
      file_name: `${FILE.key}#${FILE.version}`,
    });
    expect(headKey({ key: FILE.key }, 16).date_prefix).toBe("undated#11");
  });

  test("keeps the versions of a key apart that is as long as S3 allows, in keys that DynamoDB takes", () => {
    const [one, other] = ["a", "b"].map((end) => `input/clicks/${"ü".repeat(500)}/${end}`);
    const keys = [one, other].flatMap((key = "") =>
      ["v1", "v".repeat(32)].map((version) => versionKey({ key, version }, 16).file_name),
    );
    expect(new Set(keys).size).toBe(4);
    for (const key of keys) expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1_024);
  });

  test.each([
    ["a claim", FILE],
    ["a finished version", { ...FILE, status: "unchanged" as const, ttl: 1, manifestPath: undefined }],
    ["one of a name with slashes and line breaks", { ...FILE, key: "input/clicks/a/b\n#c" }],
    ["one of no date and dataset", { ...FILE, date: undefined, dataset: undefined, sequencer: undefined }],
    ["one of odd sizes", { ...FILE, size: 4_999_999_999_999 }],
    ["an empty one", { ...FILE, size: 0 }],
  ])("is read as it was written: %s", (_, file) => {
    const read = fromItem(toItem(file, versionKey(file, 100), 100));
    expect(read).toEqual({ jobRunId: undefined, errorMessage: undefined, ttl: undefined, ...file });
  });

  test("is in the index until it is finished, in sixteen partitions a status at most", () => {
    expect(openPartitions("failed")).toHaveLength(16);
    for (let index = 0; index < 200; index++) {
      const key = `input/clicks/2026-01-31-${index}.ndjson`;
      const item = toItem({ ...FILE, key, status: "failed" }, headKey({ key }, 100), 100);
      expect(openPartitions("failed")).toContain(item["open_shard"]?.S);
    }
    for (const status of ["completed", "superseded", "unchanged"] as const) {
      const item = toItem({ ...FILE, status, ttl: 5 }, headKey(FILE, 16), 16);
      expect(item).not.toHaveProperty("open_shard");
      expect(item["ttl"]).toEqual({ N: "5" });
    }
  });
});

describe("an item of a smoke test's file", () => {
  const smoke = { ...FILE, key: `${SMOKE_PREFIXES.manifests}2026-01-31-smoke-a.ndjson` };
  const inTwoWeeks = NOW.getTime() / 1_000 + 14 * 86_400;

  test.each(["manifested", "quarantined", "superseded"] as const)(
    "expires, also while it is %s",
    (status) => {
      const item = toItem({ ...smoke, status, ttl: 5 }, headKey(smoke, 16), 16);
      expect(item["ttl"]).toEqual({ N: String(inTwoWeeks) });
    },
  );

  test.each(["completed", "failed", "quarantined"] as const)(
    "expires when it has ended as %s",
    async (status) => {
      const { table } = makeTable();
      await putIfNew(table, headKey(smoke, 16), { ...smoke, updatedAt: new Date(0).toISOString() });
      expect(await endFile(table, smoke, { ...END, status }, NOW)).toBe("written");
      expect(await readTracked(table, headKey(smoke, 16))).toMatchObject({ status, ttl: inTwoWeeks });
    },
  );
});

describe("endFile", () => {
  test("finishes a head in one write, which expires 30 days later", async () => {
    const { aws, table } = makeTable();
    await putIfNew(table, headKey(FILE, 16), FILE);
    expect(await endFile(table, FILE, END, NOW)).toBe("written");
    expect(aws.calls).toEqual(["PutItemCommand", "UpdateItemCommand"]);
    expect(await readTracked(table, headKey(FILE, 16))).toMatchObject({
      status: "completed",
      jobRunId: "jr_1",
      ttl: NOW.getTime() / 1_000 + 30 * 86_400,
    });
    expect(aws.table.rows()[0]).not.toHaveProperty("open_shard");
  });

  test("finishes a version that was replaced meanwhile", async () => {
    const { table } = makeTable();
    await putIfNew(table, headKey(FILE, 16), { ...FILE, version: "newer", manifestPath: "another" });
    await putIfNew(table, versionKey(FILE, 16), FILE);
    expect(await endFile(table, FILE, END, NOW)).toBe("written");
    expect(await readTracked(table, versionKey(FILE, 16))).toMatchObject({ status: "completed" });
    expect(await readTracked(table, headKey(FILE, 16))).toMatchObject({ status: "manifested" });
  });

  test.each([
    ["same", "the status is there already", FILE, END],
    ["elsewhere", "another manifest claims the file", FILE, { ...END, manifestPath: "another" }],
    ["elsewhere", "the version is unknown", { ...FILE, version: "v0" }, END],
    ["elsewhere", "the file is unknown", { ...FILE, key: "input/clicks/2026-01-31-b.ndjson" }, END],
  ] as const)("says %s and changes nothing when %s", async (outcome, _, file, end) => {
    const { aws, table } = makeTable();
    await putIfNew(table, headKey(FILE, 16), FILE);
    await endFile(table, FILE, END, NOW);
    const before = aws.table.rows();
    expect(await endFile(table, file, end, new Date())).toBe(outcome);
    expect(aws.table.rows()).toEqual(before);
  });

  test("leaves what a newer generation made of a file", async () => {
    const { table } = makeTable();
    await putIfNew(table, headKey(FILE, 16), FILE);
    expect(await endFile(table, FILE, { ...END, generation: 1 }, NOW)).toBe("written");
    const late = { ...END, status: "quarantined" as const, errorMessage: "corrupt-gzip" };
    expect(await endFile(table, FILE, late, NOW)).toBe("same");
    const head = await readTracked(table, headKey(FILE, 16));
    expect(head).toMatchObject({ status: "completed", generation: 1 });
    expect(fromItem(toItem(head ?? FILE, versionKey(FILE, 16), 16))).toEqual(head);
    expect(await endFile(table, FILE, { ...late, generation: 2 }, NOW)).toBe("written");
  });

  test("opens a file again that failed, and finishes it after all", async () => {
    const { aws, table } = makeTable();
    await putIfNew(table, headKey(FILE, 16), FILE);
    await endFile(table, FILE, END, NOW);
    await endFile(table, FILE, { ...END, status: "failed", errorMessage: "out of memory" }, NOW);
    const [row] = aws.table.rows();
    expect(row).toMatchObject({ status: "failed", error_message: "out of memory", open_shard: "failed#11" });
    expect(row).not.toHaveProperty("ttl");
    await endFile(table, FILE, END, NOW);
    expect(aws.table.rows()[0]).not.toHaveProperty("error_message");
  });
});
