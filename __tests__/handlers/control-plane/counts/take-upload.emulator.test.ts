import { CreateTableCommand, GetTableCommand } from "@aws-sdk/client-glue";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { answer } from "../../../../handlers/control-plane/answer";
import { UnexpectedEventError } from "../../../../runtime/errors";
import { readTableColumns } from "../../../../runtime/undeclared-columns";
import {
  ALERT_SOURCE,
  CURATED,
  DATABASE,
  type ManifestsPipeline,
  startManifestsPipeline,
} from "../../support/emulated-pipeline";
import { keepLogs } from "../../support/logs";
import { realPlane } from "../real-plane";

const DECLARED = [{ Name: "id", Type: "bigint" }];
const UPLOAD = {
  environment: "test",
  dataset: "orders",
  key: "input/orders/april.csv",
  version: "v1",
  columns: ["note"],
  other_rows: 0,
};

let pipeline: ManifestsPipeline;

beforeAll(async () => {
  pipeline = await startManifestsPipeline();
  await pipeline.take("events");
  for (const Name of ["orders", "smoke_uploads"]) {
    const StorageDescriptor = { Location: `s3://${CURATED}/tables/${Name}/`, Columns: DECLARED };
    const TableInput = { Name, TableType: "EXTERNAL_TABLE", StorageDescriptor };
    await pipeline.glue.send(new CreateTableCommand({ DatabaseName: DATABASE, TableInput }));
  }
});
afterAll(() => pipeline.stop());

const { lines } = keepLogs();

const take = (more: object = {}) =>
  answer(realPlane(pipeline).plane, {
    source: ALERT_SOURCE,
    "detail-type": "UploadPublished",
    detail: { ...UPLOAD, ...more },
  });

const emitted = (name: string) => lines().flatMap((line) => (name in line ? [line[name]] : []));

async function columns(Name: string) {
  const get = new GetTableCommand({ DatabaseName: DATABASE, Name });
  const { Table } = await pipeline.glue.send(get);
  return (Table?.StorageDescriptor?.Columns ?? []).map(({ Name, Type }) => `${Name} ${Type}`);
}

describe("a published upload", () => {
  test("adds its undeclared columns to its table, and tells of each once, however often it is told", async () => {
    await take();
    await take();
    await take({ version: "v2", columns: ["note", "ID", "phone"] });
    expect(await columns("orders")).toEqual(["id bigint", "note string", "phone string"]);
    const { admitted } = await readTableColumns(realPlane(pipeline).plane.control, "orders");
    expect([...admitted].sort()).toEqual(["note", "phone"]);
    const drifts = (await pipeline.take("events")).filter((one) => one["detail-type"] === "SchemaDrift");
    expect(drifts.map(({ detail }) => detail)).toEqual([
      expect.objectContaining({ dataset: "orders", columns: ["note"], key: UPLOAD.key, version: "v1" }),
      expect.objectContaining({ dataset: "orders", columns: ["phone"], version: "v2" }),
    ]);
    expect(emitted("OtherRows")).toEqual([]);
  });

  test("counts its rows with other keys for the alarm", async () => {
    await take({ other_rows: 7, columns: [] });
    expect(lines().find((line) => "OtherRows" in line)).toMatchObject({
      Environment: "test",
      dataset: "orders",
      key: UPLOAD.key,
      OtherRows: 7,
    });
  });

  test("of a smoke test gets its columns, and neither counts nor tells anything", async () => {
    await take({ dataset: "smoke_uploads", other_rows: 7 });
    expect(await columns("smoke_uploads")).toEqual(["id bigint", "note string"]);
    expect(emitted("OtherRows")).toEqual([]);
    expect(await pipeline.take("events")).toEqual([]);
  });

  test("of a dataset without a table fails", async () => {
    await expect(take({ dataset: "unknown" })).rejects.toThrow(
      "the catalog has no table tributary_test.unknown",
    );
  });

  test.each([
    ["without columns", { columns: undefined }],
    ["with columns that are no names", { columns: [1] }],
    ["without a key", { key: "" }],
    ["without a version", { version: undefined }],
    ["with rows as text", { other_rows: "1" }],
    ["without a dataset", { dataset: "" }],
  ])("is refused %s", async (_, more) => {
    await expect(take(more)).rejects.toThrow(UnexpectedEventError);
  });
});

test("columns of an upload are dropped from its table, which has no view", async () => {
  await take();
  await answer(realPlane(pipeline).plane, { kind: "drop-columns", dataset: "orders", columns: ["note"] });
  expect(await columns("orders")).not.toContain("note string");
});
