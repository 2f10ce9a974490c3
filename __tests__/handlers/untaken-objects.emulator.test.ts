import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { findUntaken, MOST_PAGES } from "../../handlers/untaken-objects/find-untaken";
import { tellUntaken } from "../../handlers/untaken-objects/tell-untaken";
import { type Emulated, startEmulated } from "./support/emulator";
import { keepLogs } from "./support/logs";

const TAKEN = ["input/orders/", "input/eu/clicks/", "raw-json-data/", "raw-json-data-processed/"];

const BUCKET = "landing";

let emulated: Emulated;

beforeAll(async () => {
  emulated = await startEmulated(1, {});
  await emulated.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  for (const key of [
    ...["input/orders/2026-01-31.csv", "input/orders/A.CSV", "input/eu/clicks/2026-01-31-a.zst"],
    ...["raw-json-data/2026/week05/a.json", "raw-json-data-processed/2026/week05/v/a.json"],
    ...["input/", "input/new/"],
  ]) {
    await put(key);
  }
});

afterAll(() => emulated.stop());

const put = (Key: string) => emulated.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: "id\n1\n" }));
const bucket = () => ({ client: emulated.s3, name: BUCKET });

describe("objects of the raw bucket that no dataset takes", () => {
  const logs = keepLogs();

  test("are none where each lies below a dataset's prefix, or stands for a folder", async () => {
    await tellUntaken({
      bucket: bucket(),
      taken: TAKEN,
      looked: [""],
      metrics: { namespace: "tributary", environment: "test" },
    });
    expect(logs.lines()).toMatchObject([{ UntakenObjects: 0, Environment: "test" }]);
  });

  describe("some of which are there", () => {
    beforeEach(async () => {
      for (const key of [
        "readme.txt",
        "input/loose.csv",
        "input/ordres/a b+ü.csv",
        "input/ordres/deep/b.tsv",
      ]) {
        await put(key);
      }
      await put("input/eu/clicks.csv");
    });

    test("are counted by folder, and told", async () => {
      await tellUntaken({
        bucket: bucket(),
        taken: TAKEN,
        looked: [""],
        metrics: { namespace: "tributary", environment: "test" },
      });
      const [warning, metric] = logs.lines();
      expect(warning).toMatchObject({
        level: "warn",
        objects: 5,
        isAll: true,
        folders: { "": 1, "input/": 1, "input/ordres/": 2, "input/eu/": 1 },
      });
      expect(new Set(warning?.["examples"] as string[])).toEqual(
        new Set(["readme.txt", "input/loose.csv", "input/ordres/a b+ü.csv", "input/eu/clicks.csv"]),
      );
      expect(metric).toMatchObject({ UntakenObjects: 5 });
    });

    test("are looked for where datasets have theirs alone, in a bucket of others", async () => {
      const found = await findUntaken(bucket(), TAKEN, ["input/", "raw-json-data/"]);
      expect([...found.folders.keys()].sort()).toEqual(["input/", "input/eu/", "input/ordres/"]);
    });
  });

  test("are counted up to a limit, and it is said so", async () => {
    let pages = 0;
    const endless = {
      send: async () => {
        pages += 1;
        return { Contents: [{ Key: `junk/${pages}` }], NextContinuationToken: String(pages) };
      },
    };
    const found = await findUntaken({ client: endless as never, name: BUCKET }, TAKEN, ["junk/"]);
    expect(found).toMatchObject({ objects: MOST_PAGES, isAll: false });
    expect(pages).toBe(MOST_PAGES);
  });
});
