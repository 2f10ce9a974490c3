import { describe, expect, test } from "@jest/globals";
import { Terminal } from "../../../../cli/operator/command/terminal";
import { explain } from "../../../../cli/operator/dataset/explain";
import { type Environment, loadEnvironment } from "../../../../environments/schema";
import { DAY_MS } from "../../../../runtime/clock";
import { oldestPriceDate } from "../../../../runtime/prices/age";

const dev = loadEnvironment("dev");

const today = new Date(oldestPriceDate());

function explained(name: string, file?: string, environment = dev, now = today) {
  const written: string[] = [];
  const screen = { writable: true, write: (text: string) => written.push(text) > 0 };
  const options = { name, ...(file !== undefined && { file }) };
  const code = explain(new Terminal(true, screen, screen), options, environment, now);
  return { code, ...JSON.parse(written.join("")) };
}

describe("tributary dataset explain", () => {
  test("names what comes of an upload", () => {
    expect(explained("customers", "some/april.csv")).toMatchObject({
      code: 0,
      environment: ["dev"],
      upload: [expect.stringMatching(/\/input\/customers\/april\.csv$/)],
      rows: [expect.stringMatching(/\/tables\/customers\/april-<digest of the key>\.parquet$/)],
      csv: [expect.stringMatching(/\/csv\/customers\/april-<digest of the key>\.csv$/)],
      table: ["tributary_dev.customers, partitions: none"],
    });
  });

  test("names what is asked of a dated file, and the view of its newest version", () => {
    expect(explained("clicks", "2026-01-31-a.ndjson")).toMatchObject({
      upload: [
        expect.stringMatching(/\/input\/clicks\/2026-01-31-a\.ndjson$/),
        "its name begins with its date, from 2020-01-01 to tomorrow",
        "it has 3.5 MB, give or take 10 %",
      ],
      rows: [expect.stringMatching(/\/tables\/clicks\/date=2026-01-31\/<manifest>\.parquet$/)],
      table: ["tributary_dev.clicks, partitions: date", "clicks_latest: each file's newest version"],
    });
  });

  test("names the partitions of a batch, and what a gigabyte costs", () => {
    const found = explained("ml_events");
    expect(found.rows[0]).toMatch(/\/tables\/ml_events\/year=…\/month=…\/day=…\/mode=…\/part-<batch>/);
    expect(found["cost a GB"][0]).toBe("0.00028 USD of Glue: 1,000 MB at 110 MB/s a core, 4 cores a DPU");
    expect(found["cost a GB"]).toHaveLength(3);
    const later = explained("ml_events", undefined, dev, new Date(today.getTime() + 181 * DAY_MS));
    expect(later["cost a GB"][3]).toMatch(/ are 181 days old: /);
  });

  test("leaves an attached bucket's files to its own rules, and says where a pipeline is off", () => {
    const environment: Environment = {
      ...dev,
      pipelines: ["ledger"],
      storage: { ...dev.storage, raw: { existing: { bucket: "theirs" } } } as Environment["storage"],
    };
    expect(explained("customers", "a.csv", environment)).toMatchObject({
      environment: ["dev, which leaves the pipeline uploads off"],
      upload: ["as s3://theirs/input/customers/a.csv"],
      kept: expect.arrayContaining(["the file: as the rules of that bucket say, which are not ours"]),
    });
  });
});
