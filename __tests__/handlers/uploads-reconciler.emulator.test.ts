import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudWatchClient, ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { declare } from "./support/declared";
import { BUCKET, type Emulated, JOB, startEmulated, TABLE } from "./support/emulator";
import { s3Event } from "./support/events";
import { keepLogs } from "./support/logs";

type Context = { getRemainingTimeInMillis(): number };

const folder = mkdtempSync(join(tmpdir(), "tributary-declared-"));
let emulated: Emulated;
let reconcile: (event: unknown, context: Context) => Promise<void>;
let trigger: (event: unknown) => Promise<void>;

const ENOUGH: Context = { getRemainingTimeInMillis: () => 300_000 };
/** Time for one page only. */
const ONE_PAGE: Context = { getRemainingTimeInMillis: () => 1_000 };

beforeAll(async () => {
  const prefixes = ["input/zz/", "input/"];
  emulated = await startEmulated(3600, {
    ...declare<"uploads-reconciler">(folder, { prefixes }),
    UPLOADS_TABLE: TABLE,
    JOB_NAME: JOB,
    RAW_BUCKET: BUCKET,
    GRACE_SECONDS: "0.001",
    S3_PATH_STYLE: "true",
    ENVIRONMENT: "test",
    METRIC_NAMESPACE: "Tributary",
  });
  ({ handler: reconcile } = await import("../../handlers/uploads-reconciler"));
  ({ handler: trigger } = await import("../../handlers/uploads-trigger"));
});

afterAll(async () => {
  await emulated.stop();
  rmSync(folder, { recursive: true, force: true });
});

const itemsOf = async (key: string) => (await emulated.items()).filter((item) => item["key"] === key);

describe("the reconciler on the emulator", () => {
  keepLogs();

  test("starts nothing in an empty bucket", async () => {
    await reconcile({}, ENOUGH);
    expect(await emulated.items()).toEqual([]);
    expect(await emulated.runs()).toEqual([]);
  });

  test("registers the newest version of an object that no event announced, and starts a run", async () => {
    const key = "input/customers/a b+ü€.csv";
    await emulated.put(key, "id\n1\n");
    const newest = await emulated.put(key, "id\n22\n");
    await reconcile({}, ENOUGH);
    const items = await itemsOf(key);
    expect(items).toMatchObject([
      { version: newest, size: "6", status: "pending", registered_by: "uploads-reconciler" },
    ]);
    expect(items[0]).not.toHaveProperty("sequencer");
    expect(await emulated.runs()).toEqual([expect.stringMatching(/STARTING|RUNNING/)]);
  });

  test("finds an object once, and takes the sequencer of an event that comes late", async () => {
    const key = "input/customers/late.csv";
    const version = await emulated.put(key);
    await reconcile({}, ENOUGH);
    await reconcile({}, ENOUGH);
    const [found, ...more] = await itemsOf(key);
    expect(more).toEqual([]);
    await trigger(s3Event({ bucket: BUCKET, key, version, sequencer: "00A1" }));
    expect(await itemsOf(key)).toEqual([{ ...found, sequencer: `00A1${"0".repeat(60)}` }]);
  });

  test("deletes nothing and registers nothing for a deleted source", async () => {
    const [known, unknown] = ["input/customers/deleted.csv", "input/customers/deleted-unseen.csv"];
    await emulated.put(known);
    await reconcile({}, ENOUGH);
    const before = await emulated.items();
    await emulated.put(unknown);
    for (const Key of [known, unknown]) {
      await emulated.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
    }
    await reconcile({}, ENOUGH);
    expect(await emulated.items()).toEqual(before);
  });

  test("sweeps 1,200 objects over two short invocations", async () => {
    const keys = Array.from(
      { length: 1_200 },
      (_, index) => `input/zz/${String(index).padStart(5, "0")}.csv`,
    );
    for (let start = 0; start < keys.length; start += 50) {
      await Promise.all(keys.slice(start, start + 50).map((key) => emulated.put(key)));
    }
    const counts: number[] = [];
    for (let invocation = 0; invocation < 2; invocation++) {
      await reconcile({}, ONE_PAGE);
      counts.push((await allKeys()).filter((key) => key.startsWith("input/zz/")).length);
    }
    expect(counts[0]).toBeGreaterThan(900);
    expect(counts[0]).toBeLessThanOrEqual(1_000);
    expect(counts[1]).toBe(1_200);
  });

  test("publishes the backlog's metrics", async () => {
    const cloudwatch = new CloudWatchClient();
    const { Metrics = [] } = await cloudwatch.send(new ListMetricsCommand({ Namespace: "Tributary" }));
    cloudwatch.destroy();
    expect(Metrics.map((metric) => [metric.MetricName, metric.Dimensions]).sort()).toEqual([
      ["OldestPendingSeconds", [{ Name: "Environment", Value: "test" }]],
      ["PendingUploads", [{ Name: "Environment", Value: "test" }]],
    ]);
  });
});

async function allKeys(): Promise<string[]> {
  return (await emulated.items()).map((item) => String(item["key"]));
}
