import type { AttributeValue, BatchGetItemCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expect, test } from "@jest/globals";
import type { Upload } from "../../../local/inputs/uploads";
import { settledOf } from "../../../local/pipelines/tracked-files";
import { dateOf } from "../../../runtime/manifests/datasets";
import { headKey, versionKey } from "../../../runtime/manifests/tracking";

const SHARDS = 7;
type Item = Record<string, AttributeValue>;

test.each([
  ["", "input/clicks/2026-01-31-a.ndjson"],
  [" without a date", "input/clicks/a.ndjson"],
  [" of more than 900 bytes", `input/clicks/2026-01-31-${"ö".repeat(450)}.ndjson`],
])("the books of a key%s are looked for where the functions keep them", async (_, key) => {
  const [replaced, newest, open] = ["v1", "v2", "v3"].map((version) => ({ bucket: "raw", key, version }));
  const items = [
    item(newest as Upload, "completed", headKey({ key, date: dateOf(key) }, SHARDS)),
    item(replaced as Upload, "superseded", versionKey({ key, date: dateOf(key), version: "v1" }, SHARDS)),
  ];
  const table = { dynamo: tableOf(items), name: "tracking", shards: SHARDS };
  const uploads = [replaced, newest, open] as Upload[];
  expect([...(await settledOf(table, uploads))]).toEqual([replaced, newest]);
});

function item({ bucket, key, version }: Upload, status: string, names: object): Item {
  const fields = { ...names, version, status, file_path: `s3://${bucket}/${key}` };
  return Object.fromEntries(Object.entries(fields).map(([name, S]) => [name, { S }]));
}

/** A table that has these items alone, and refuses what DynamoDB refuses: a key twice, or too long. */
function tableOf(items: readonly Item[]): DynamoDBClient {
  const send = async ({ input }: BatchGetItemCommand) => {
    const keys = input.RequestItems?.["tracking"]?.Keys ?? [];
    const names = keys.map(({ date_prefix, file_name }) => `${date_prefix?.S} ${file_name?.S}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { file_name } of keys) expect(Buffer.byteLength(file_name?.S ?? "")).toBeLessThanOrEqual(1024);
    const tracking = items.filter((each) =>
      names.includes(`${each["date_prefix"]?.S} ${each["file_name"]?.S}`),
    );
    return { Responses: { tracking } };
  };
  return { send } as unknown as DynamoDBClient;
}
