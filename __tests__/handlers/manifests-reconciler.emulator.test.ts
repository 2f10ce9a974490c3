import { readFileSync } from "node:fs";
import { CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { bundleArchive } from "../../constructs/code/bundle";
import { manifestKey, parseManifestKey, readManifest } from "../../runtime/manifests/manifests";
import { eventually } from "../support/eventually";
import {
  CONTROL,
  claimed,
  idOf,
  MANIFESTS,
  type ManifestsPipeline,
  METRICS,
  manifestOf,
  RAW,
  receiptOf,
  startManifestsPipeline,
  TRACKING,
} from "./support/emulated-pipeline";
import { keepLogs } from "./support/logs";

type Context = { getRemainingTimeInMillis(): number };
type Record = { messageId: string; body: string };

const ENOUGH: Context = { getRemainingTimeInMillis: () => 600_000 };
const TODAY = new Date().toISOString().slice(0, 10);
const LONG_AGO = "2026-01-31T12:00:00.000Z";

let pipeline: ManifestsPipeline;
let reconcile: () => Promise<void>;
let build: (messages: readonly unknown[]) => Promise<unknown>;

beforeAll(async () => {
  pipeline = await startManifestsPipeline();
  Object.assign(process.env, {
    GRACE_SECONDS: "1",
    QUARANTINE_BUCKET: MANIFESTS,
    AUDIT_BUCKET: "none",
    MANIFEST_BYTES: "1000000",
    MANIFEST_FILES: "100",
    CLAIM_SECONDS: "0.001",
  });
  const reconciler = await import("../../handlers/manifests-reconciler");
  reconcile = () => reconciler.handler({}, ENOUGH);
  const { handler } = await import("../../handlers/manifests-builder");
  build = (messages) => handler(deliveryOf(messages) as never, ENOUGH as never);
  await deployControlPlane();
});

afterAll(() => pipeline.stop());

/** What Lambda hands over of these messages. */
function deliveryOf(messages: readonly unknown[]): { Records: Record[] } {
  return { Records: messages.map((message, n) => ({ messageId: String(n), body: JSON.stringify(message) })) };
}

/** The function that the reconciler invokes, as it is deployed. */
async function deployControlPlane(): Promise<void> {
  const lambda = new LambdaClient();
  const names = ["TRACKING_TABLE", "TRACKING_SHARDS", "METRICS_TABLE", "CONTROL_TABLE", "MANIFESTS_BUCKET"];
  names.push(
    "JOB_NAME",
    "WORKERS",
    "DATABASE",
    "S3_PATH_STYLE",
    "ENVIRONMENT",
    "METRIC_NAMESPACE",
    "ALERT_SOURCE",
  );
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: "control-plane",
      Role: "arn:aws:iam::000000000000:role/manifests-stream",
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      Timeout: 60,
      Code: { ZipFile: readFileSync(bundleArchive("control-plane")) },
      Environment: { Variables: Object.fromEntries(names.map((name) => [name, process.env[name] ?? ""])) },
    }),
  );
  lambda.destroy();
}

const upload = async (name: string, Body = '{"a":1}\n') =>
  pipeline.s3.send(new PutObjectCommand({ Bucket: RAW, Key: `input/clicks/${name}`, Body }));

const pastGrace = () => new Promise((resolve) => setTimeout(resolve, 1_100));

describe("the manifest reconciler on the emulator", () => {
  keepLogs();

  beforeEach(async () => {
    await pipeline.clear(TRACKING, METRICS, CONTROL);
    await pipeline.take("inputs");
    await pipeline.take("manifests");
  });

  test("announces an input that no event did, which the builder then takes", async () => {
    await upload(`${TODAY}-lost file+1.ndjson`);
    await pastGrace();
    await reconcile();
    const announced = await pipeline.take("inputs");
    expect(announced.length).toBeGreaterThan(0);
    await build(announced);
    const rows = await pipeline.rows(TRACKING);
    expect(rows).toMatchObject([
      { file_name: `input/clicks/${TODAY}-lost file+1.ndjson`, status: "manifested" },
    ]);
    await pipeline.clear(CONTROL);
    await reconcile();
    expect(await pipeline.take("inputs")).toEqual([]);
  });

  test("announces the file of a claim whose manifest never came, and the builder takes it over", async () => {
    const { VersionId } = await upload("2026-01-31-stuck.ndjson");
    const id = idOf("abc");
    await pipeline.track(claimed("2026-01-31-stuck.ndjson", id, { version: String(VersionId), size: 8 }));
    await reconcile();
    const announced = await pipeline.take("inputs");
    await build(announced);
    const fence = await readManifest(
      { client: pipeline.s3, name: MANIFESTS },
      manifestKey({ id, dataset: "clicks", date: "2026-01-31" }),
    );
    expect(fence?.entries).toEqual([]);
    const row = (await pipeline.rows(TRACKING)).find((one) => String(one["file_name"]).includes("stuck"));
    expect(parseManifestKey(String(row?.["manifest_path"]))?.id).not.toBe(id);
  });

  test("sends a manifest without output to the streaming job again", async () => {
    const file = claimed("2026-01-31-a.ndjson", idOf("1"));
    await pipeline.track(file);
    await pipeline.publish({ manifest: manifestOf(idOf("1"), [file]) });
    await reconcile();
    expect(await pipeline.take("manifests")).toEqual([
      { manifest: { bucket: MANIFESTS, key: file.manifestPath }, generation: 0 },
    ]);
    await reconcile();
    expect(await pipeline.take("manifests")).toEqual([]);
  });

  test("has the control plane take in a receipt that no event told of", async () => {
    const files = ["a", "b"].map((name) => claimed(`2026-01-31-${name}.ndjson`, idOf("2")));
    for (const file of files) await pipeline.track(file);
    const manifest = manifestOf(idOf("2"), files);
    await pipeline.publish({ manifest, receipt: receiptOf(manifest), parquet: true });
    await reconcile();
    const rows = await eventually("completed files", async () => {
      const all = await pipeline.rows(TRACKING);
      return all.every(({ status }) => status === "completed") && all;
    });
    expect(rows).toHaveLength(2);
    expect(await pipeline.take("manifests")).toEqual([]);
  });

  test("leaves files alone that are younger than the grace time, failed or quarantined", async () => {
    const now = new Date(Date.now() + 60_000).toISOString();
    await pipeline.track(claimed("2026-01-31-young.ndjson", idOf("3"), { createdAt: now }));
    await pipeline.track(claimed("2026-01-31-bad.ndjson", idOf("4"), { status: "quarantined" }));
    await pipeline.track(
      claimed("2026-01-31-gone.ndjson", idOf("5"), { status: "failed", createdAt: LONG_AGO }),
    );
    await reconcile();
    expect(await pipeline.take("manifests")).toEqual([]);
    const announced = JSON.stringify(await pipeline.take("inputs"));
    for (const name of ["young", "bad", "gone"]) expect(announced).not.toContain(name);
  });
});
