import { expect, test } from "@jest/globals";
import { dateOf } from "../../handlers/shared/text-datasets";
import { headKey, versionKey } from "../../handlers/shared/tracking";
import { partitionOf } from "../../local/tracked-files";

test.each([
  "input/clicks/2026-01-31-a.ndjson",
  "input/clicks/2026-02-30-a.ndjson.gz",
  "input/clicks/a.ndjson",
  "input/clicks/2026-01-31.ndjson",
  "input/clicks/2026-01-31-ö\n.ndjson",
])("the books of %j are looked for where the functions keep them", (key) => {
  for (const shards of [1, 7, 16]) {
    const file = { key, date: dateOf(key), version: "v1" };
    expect(partitionOf(key, shards)).toBe(headKey(file, shards).date_prefix);
    expect(versionKey(file, shards)).toEqual({
      date_prefix: `${partitionOf(key, shards)}#versions`,
      file_name: `${key}#v1`,
    });
  }
});
