import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CreateDatabaseCommand, CreateTableCommand } from "@aws-sdk/client-glue";
import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { checkAdditions } from "../../../../cli/operator/dataset/diff";
import { declaredDatasets } from "../../../../datasets/schema/datasets";
import { schemaKey, VERSION_PARAMETER } from "../../../../datasets/schema/version";
import { bucketName, databaseName } from "../../../../environments/schema";
import { ROOT } from "../../../../setup/paths";
import { environment, type Operated, startOperated } from "../operated";

const DatabaseName = databaseName(environment);
const Bucket = bucketName(environment, "artifacts");
const BEFORE = "0".repeat(64);

let operated: Operated;

beforeAll(async () => {
  operated = await startOperated();
  const { glue, s3 } = operated.aws;
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: DatabaseName } }));
  await s3.send(new CreateBucketCommand({ Bucket }));
  for (const { name, version, outputColumns, partitions = [], pipeline } of declaredDatasets()) {
    // customers had another type and a column more, and lacks one
    const isOther = name === "customers";
    const keys = pipeline === "manifests" ? ["date"] : partitions;
    const Columns = outputColumns
      .filter((column) => !keys.includes(column.name) && !(isOther && column.name === "source_file"))
      .map((column) => ({
        Name: column.name,
        Type: isOther && column.name === "amount" ? "double" : column.type,
      }));
    const TableInput = {
      Name: name,
      Parameters: { [VERSION_PARAMETER]: isOther ? BEFORE : version },
      PartitionKeys: keys.map((key) => ({ Name: key, Type: "string" })),
      StorageDescriptor: { Columns },
    };
    await glue.send(new CreateTableCommand({ DatabaseName, TableInput }));
  }
  const document = JSON.parse(readFileSync(join(ROOT, "datasets", "customers", "dataset.json"), "utf8"));
  document.outputColumns.push({ name: "phone", type: "string" });
  await s3.send(
    new PutObjectCommand({
      Bucket,
      Key: schemaKey("customers", BEFORE, "dataset.json"),
      Body: JSON.stringify(document),
    }),
  );
});

afterAll(() => operated.stop());

const REFUSED = [
  "customers: refused: the column amount is double, and would be decimal(18,4): give the column another name, and replay the files whose rows should have it",
  "customers: refused: the column phone would get no more values: keep it declared, or declare a dataset with another name for it, and replay the files there",
];

describe("tributary dataset diff", () => {
  test("shows what a deploy adds, and fails for what it must not do", async () => {
    const { code, stdout } = await operated.tributary("dataset", "diff");
    expect(code).toBe(1);
    expect(stdout.trimEnd().split("\n")).toEqual([
      "customers: adds the column source_file (string)",
      ...REFUSED,
      "customers: is another version: files that come from then on are read by it",
    ]);
  });

  test("shows one dataset", async () => {
    expect(await operated.tributary("dataset", "diff", "clicks")).toMatchObject({
      code: 0,
      stdout: "no difference: what is declared is deployed\n",
    });
    const { code, stdout } = await operated.tributary("dataset", "diff", "clicks", "--json");
    expect({ code, found: JSON.parse(stdout) }).toEqual({
      code: 0,
      found: [{ dataset: "clicks", isOther: false, added: [], refused: [] }],
    });
  });

  test("knows the declared names", async () => {
    const { code, stderr } = await operated.tributary("dataset", "diff", "nope");
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining("NAME: expected one of clicks, customers,"),
    });
  });
});

test("a deploy stops at what is no addition", async () => {
  await expect(checkAdditions(operated.aws, environment)).rejects.toThrow(
    [
      "a deploy only adds to the tables of datasets",
      "customers: adds the column source_file (string)",
      ...REFUSED,
    ].join("\n  "),
  );
});
