import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import {
  CONTROL,
  claimed,
  idOf,
  type ManifestPipeline,
  METRICS,
  manifestOf,
  processedEvent,
  receiptOf,
  startManifestPipeline,
  TRACKING,
} from "./support/emulated-pipeline";
import { keepLogs } from "./support/logs";

type Context = { getRemainingTimeInMillis(): number };

let pipeline: ManifestPipeline;
let handler: (event: unknown, context: Context) => Promise<void>;

const ENOUGH: Context = { getRemainingTimeInMillis: () => 60_000 };
const controlPlane = (event: unknown, context = ENOUGH) => handler(event, context);
const tick = () => controlPlane({ kind: "tick" });

beforeAll(async () => {
  pipeline = await startManifestPipeline();
  ({ handler } = await import("../../handlers/control-plane"));
}, 60_000);

afterAll(() => pipeline.stop(), 30_000);

describe("the control plane on the emulator", () => {
  keepLogs();

  beforeEach(() => pipeline.clear(TRACKING, METRICS, CONTROL));

  test("completes the files of a manifest, and says which ones could not be", async () => {
    const id = idOf("1");
    const files = ["a", "b", "c"].map((name) => claimed(`2026-01-31-${name}.ndjson`, id));
    for (const file of files) await pipeline.track(file);
    const manifest = manifestOf(id, files);
    const receipt = receiptOf(manifest, {
      files: 1,
      quarantined: [
        { key: files[1]?.key ?? "", version_id: "v1", reason: "corrupt-gzip", message: "bad checksum" },
      ],
      gone: [{ key: files[2]?.key ?? "", version_id: "v1" }],
    });
    await pipeline.publish({ manifest, receipt });
    await controlPlane(processedEvent(receipt));
    const rows = (await pipeline.rows(TRACKING)).sort((one, other) =>
      String(one["file_name"]) < String(other["file_name"]) ? -1 : 1,
    );
    expect(rows).toMatchObject([
      { status: "completed", job_run_id: "jr_1", ttl: expect.any(Number) },
      {
        status: "quarantined",
        error_message: "corrupt-gzip: bad checksum",
        open_shard: expect.stringMatching(/^quarantined#/),
      },
      {
        status: "failed",
        error_message: expect.stringMatching(/^gone/),
        open_shard: expect.stringMatching(/^failed#/),
      },
    ]);
    expect(rows.map((row) => "ttl" in row)).toEqual([true, false, false]);
    expect(rows[0]).not.toHaveProperty("open_shard");
  });

  test("starts the job, with the workers that the control table names", async () => {
    await tick();
    expect(await pipeline.runs()).toMatchObject([{ workers: 2 }]);
    await tick();
    expect(await pipeline.runs()).toHaveLength(1);
  });
});
