import { describe, expect, test } from "@jest/globals";
import { FILE_COLUMNS } from "../../../constructs/catalog/audit-tables";
import { buildManifests } from "../../../handlers/manifests-builder/build-manifests";
import { announcement } from "../../../runtime/aws/s3-record";
import { manifestKey } from "../../../runtime/manifests/manifests";
import { endFile, type FileEnd } from "../../../runtime/manifests/tracking";
import { awsError } from "../support/doubles";
import { s3Record } from "../support/events";
import { keepLogs } from "../support/logs";
import { account, IN_ORDER } from "./accounts";
import { ManifestsPipeline, NAMES, type Uploaded } from "./pipeline";

const DAY_MS = 86_400_000;

const key = (name: string) => `input/clicks/2026-01-31-${name}.ndjson`;

/** A pipeline that was told of `count` files. */
function makePipeline(count: number) {
  const pipeline = new ManifestsPipeline();
  const uploads = Array.from({ length: count }, (_, index) => pipeline.upload(key(`file-${index}`), "x"));
  return { pipeline, messages: pipeline.messages(uploads) };
}

describe("buildManifests", () => {
  const logs = keepLogs();

  test("costs a new file one write of the table and one of its index, and no read", async () => {
    const { pipeline, messages } = makePipeline(300);
    pipeline.limits = { bytes: 10_000, files: 100 };
    await pipeline.build(messages);
    const { aws } = pipeline;
    const calls = Object.fromEntries([...new Set(aws.calls)].map((name) => [name, countOf(aws.calls, name)]));
    expect(calls).toEqual({ PutItemCommand: 300, PutObjectCommand: 3 });
    expect(aws.table.units).toEqual({ table: 300, index: 300 });
  });

  test("takes two writes a file with its completion, and one more of the index", async () => {
    const { pipeline, messages } = makePipeline(10);
    await pipeline.build(messages);
    const { table } = pipeline.builder();
    for (const { dataset, date, id, entries } of pipeline.manifests()) {
      const manifestPath = `manifests/${dataset}/${date}/${id}.json`;
      for (const { key: file, version_id: version } of entries) {
        await endFile(
          table,
          { date, key: file, version },
          { status: "completed", manifestPath, generation: 0 },
          new Date(),
        );
      }
    }
    expect(pipeline.aws.table.units).toEqual({ table: 20, index: 20 });
  });

  test("costs a version the same however many its key had before", async () => {
    const lastCalls = async (versions: number) => {
      const pipeline = new ManifestsPipeline();
      let before = 0;
      for (let version = 0; version < versions; version++) {
        before = pipeline.aws.calls.length;
        await pipeline.build(pipeline.messages([pipeline.upload(key("a"), `${version}`)]));
      }
      return pipeline.aws.calls.slice(before);
    };
    expect(await lastCalls(300)).toEqual(await lastCalls(3));
  });

  test("writes metrics of what became of the files", async () => {
    const { pipeline } = makePipeline(0);
    await pipeline.deliver(
      pipeline.messages([pipeline.upload(key("a"), "a"), pipeline.upload(key("b"), "b")]),
    );
    const again = [pipeline.upload(key("a"), "a"), pipeline.upload(key("b"), "large", 500)];
    await pipeline.build([...pipeline.messages(again), { messageId: "bad", body: "{" }]);
    const metrics = logs.lines().filter((line) => "_aws" in line);
    expect(metrics).toMatchObject([
      { Environment: "test", FilesClaimed: 2, ManifestsWritten: 1, BytesClaimed: 200, MessagesFailed: 0 },
      { FilesClaimed: 0, FilesUnchanged: 1, FilesQuarantined: 1, MessagesFailed: 1 },
    ]);
  });

  test("fails the message of a file that cannot be claimed, and publishes the others", async () => {
    const { pipeline, messages } = makePipeline(3);
    const failed = await pipeline.build(messages, async (call, work) => {
      if (call.number === 1) throw awsError("AccessDeniedException");
      return work();
    });
    expect(failed).toEqual([messages[1]]);
    expect(pipeline.manifests().map(({ entries }) => entries.length)).toEqual([2]);
    await pipeline.deliver(failed);
    expect(account(pipeline)).toEqual(IN_ORDER);
  });

  test("fails the message of several records when one of its files cannot be claimed", async () => {
    const pipeline = new ManifestsPipeline();
    const records = ["a", "b"].flatMap((name) => {
      const [message] = pipeline.messages([pipeline.upload(key(name), name)]);
      return JSON.parse(message?.body ?? "").Records;
    });
    const message = { messageId: "both", body: JSON.stringify({ Records: records }) };
    const failed = await pipeline.build([message], async (call, work) => {
      if (call.number === 1) throw awsError("AccessDeniedException");
      return work();
    });
    expect(failed).toEqual([message]);
    await pipeline.deliver(failed);
    expect(account(pipeline)).toEqual(IN_ORDER);
  });

  test("begins no file when its time is nearly over", async () => {
    const { pipeline, messages } = makePipeline(2);
    const { batchItemFailures } = await buildManifests(pipeline.builder(), messages, () => 5_000);
    expect(batchItemFailures).toHaveLength(2);
    expect(pipeline.aws.calls).toEqual([]);
  });

  test("has at most 64 calls in work at once", async () => {
    const { pipeline, messages } = makePipeline(200);
    let [running, most] = [0, 0];
    await pipeline.build(messages, async (_, work) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return work();
    });
    expect(most).toBeGreaterThan(32);
    expect(most).toBeLessThanOrEqual(64);
  });

  test("keeps a name that is too long for the quarantine bucket by its end", async () => {
    const pipeline = new ManifestsPipeline();
    await pipeline.deliver(
      pipeline.messages([pipeline.upload(`input/clicks/${"ü".repeat(500)}.ndjson`, "x")]),
    );
    const keys = [...pipeline.quarantined().keys()];
    expect(keys).toHaveLength(2);
    for (const one of keys) expect(Buffer.byteLength(one)).toBeLessThanOrEqual(1_024);
    expect(keys[0]).toMatch(/\/ü+\.ndjson$/);
  });

  test("notes a file in quarantine that was gone before it could be copied", async () => {
    const pipeline = new ManifestsPipeline();
    const upload = pipeline.upload(key("gone"), "large", 500);
    pipeline.aws.objects.delete({ Bucket: "raw", Key: upload.key, VersionId: upload.version });
    await pipeline.deliver(pipeline.messages([upload]));
    expect([...pipeline.quarantined().values()].map((text) => JSON.parse(text))).toMatchObject([
      { reason: "unexpected-size", message: expect.stringMatching(/gone before it could be copied$/) },
    ]);
  });

  test("tells the audit of a file that no manifest takes, by the columns of its table", async () => {
    const pipeline = new ManifestsPipeline();
    const upload = pipeline.upload(key("large"), "large", 500);
    await pipeline.deliver(pipeline.messages([upload]));
    const [[name, text] = ["", ""]] = pipeline.aws.objects.list(NAMES.audit);
    expect(name).toMatch(/^audit\/incoming\/rejected\/2026-01-31T12\/[0-9a-f]{32}\.ndjson$/);
    expect(Object.keys(JSON.parse(text))).toEqual(FILE_COLUMNS.map((column) => column.name));
    expect(pipeline.audited()).toMatchObject([
      {
        ...{ dataset: "clicks", key: upload.key, version: upload.version, status: "quarantined" },
        ...{ sequence: -1, rows: null, bytes_in: 500, changed_at: "2026-01-31 12:00:00.000" },
        ...{ reason: "unexpected-size", message: expect.stringContaining("500") },
      },
    ]);
  });

  test("tells no audit where it is switched off, nor of files of smoke tests", async () => {
    const pipeline = new ManifestsPipeline();
    const large = pipeline.upload(key("large"), "large", 500);
    const off = { ...pipeline.builder(), audit: undefined };
    await buildManifests(off, pipeline.messages([large]), () => 180_000);
    await pipeline.deliver(
      pipeline.messages([pipeline.upload("input/smoke_manifests/2026-01-31-a.ndjson", "x")]),
    );
    expect(pipeline.quarantined().size).toBeGreaterThan(2);
    expect(pipeline.audited()).toEqual([]);
  });

  test("fails a file whose quarantine bucket is missing", async () => {
    const pipeline = new ManifestsPipeline();
    const messages = pipeline.messages([pipeline.upload(key("large"), "large", 500)]);
    const failed = await pipeline.build(messages, async ({ name }, work) => {
      if (name === "CopyObjectCommand") throw awsError("NoSuchBucket");
      return work();
    });
    expect(failed).toEqual(messages);
    expect(pipeline.aws.table.rows()).toEqual([]);
  });

  test("publishes what was turned away for its date once it is uploaded on that date", async () => {
    const pipeline = new ManifestsPipeline();
    const early = pipeline.upload("input/clicks/2026-02-10-a.ndjson", "a");
    await pipeline.deliver(pipeline.messages([early]));
    expect(pipeline.manifests()).toEqual([]);
    pipeline.clock.pass(10 * DAY_MS);
    const inTime = pipeline.upload("input/clicks/2026-02-10-a.ndjson", "a");
    await pipeline.deliver(pipeline.messages([early, inTime]));
    const entries = pipeline.manifests().flatMap(({ entries: listed }) => listed);
    expect(entries).toMatchObject([{ version_id: inTime.version, revision: 1 }]);
  });

  test.each(["quarantined", "failed"] as const)(
    "publishes a version with the bytes of one that the job %s: that one stands for nothing",
    async (status) => {
      const pipeline = new ManifestsPipeline();
      const first = pipeline.upload(key("a"), "a");
      await pipeline.deliver(pipeline.messages([first]));
      await finish(pipeline, first, status);
      const again = pipeline.upload(key("a"), "a");
      await pipeline.deliver(pipeline.messages([again]));
      const entries = pipeline.manifests().flatMap(({ entries: listed }) => listed);
      expect(entries).toMatchObject([
        { version_id: first.version, revision: 1 },
        { version_id: again.version, revision: 2 },
      ]);
    },
  );

  test("takes the newest version that a sweep found within the second of the one before", async () => {
    const pipeline = new ManifestsPipeline();
    const first = pipeline.upload(key("a"), "a");
    await pipeline.deliver([sent("one", { ...s3Record(first), eventTime: "2026-01-31T12:00:00.900Z" })]);
    const newest = pipeline.upload(key("a"), "b");
    await pipeline.deliver([sent("two", sweptRecord(newest, "2026-01-31T12:00:00.000Z"))]);
    expect(account(pipeline)).toEqual(IN_ORDER);
  });

  test("does not show an old version whose event is late when a sweep found the newest unchanged", async () => {
    const pipeline = new ManifestsPipeline();
    const [first, late, newest] = ["a", "b", "a"].map((text) => pipeline.upload(key("a"), text));
    if (!first || !late || !newest) throw new Error("three were uploaded");
    await pipeline.deliver([sent("one", { ...s3Record(first), eventTime: "2026-01-31T12:00:00.000Z" })]);
    await pipeline.deliver([sent("three", sweptRecord(newest, "2026-01-31T12:00:20.000Z"))]);
    await pipeline.deliver([sent("two", { ...s3Record(late), eventTime: "2026-01-31T12:00:10.000Z" })]);
    expect(account(pipeline)).toEqual(IN_ORDER);
  });

  test("gives a file that the books forgot a revision above those of its old versions", async () => {
    const pipeline = new ManifestsPipeline();
    const first = pipeline.upload(key("a"), "a");
    await pipeline.deliver(pipeline.messages([first]));
    await finish(pipeline, first, "completed");
    pipeline.clock.pass(29 * DAY_MS);
    const second = pipeline.upload(key("a"), "b");
    await pipeline.deliver(pipeline.messages([second]));
    await finish(pipeline, second, "completed");
    pipeline.clock.pass(31 * DAY_MS);
    pipeline.aws.table.expire(pipeline.clock.now());
    const turnedAway = pipeline.upload(key("a"), "large", 500);
    await pipeline.deliver(pipeline.messages([turnedAway]));
    const third = pipeline.upload(key("a"), "c");
    await pipeline.deliver(pipeline.messages([third]));
    const revisions = pipeline.manifests().flatMap(({ entries }) => entries.map(({ revision }) => revision));
    const [one, two, three] = revisions.sort((a, b) => a - b);
    expect([one, two]).toEqual([1, 2]);
    expect(three).toBeGreaterThan(2);
  });

  test("keeps the books of unchanged versions as long as their messages may come back", async () => {
    const pipeline = new ManifestsPipeline();
    const first = pipeline.upload(key("a"), "a");
    await pipeline.deliver(pipeline.messages([first]));
    await finish(pipeline, first, "completed");
    pipeline.clock.pass(25 * DAY_MS);
    const same = pipeline.messages([pipeline.upload(key("a"), "a")]);
    await pipeline.deliver(same);
    pipeline.clock.pass(28 * DAY_MS);
    pipeline.aws.table.expire(pipeline.clock.now());
    await pipeline.deliver(same);
    expect(pipeline.manifests()).toHaveLength(1);
  });
});

/** What the control plane notes of a file, of whose manifest the job made that. */
async function finish(pipeline: ManifestsPipeline, file: Uploaded, status: FileEnd["status"]): Promise<void> {
  const manifest = pipeline
    .manifests()
    .find(({ entries }) => entries.some(({ version_id }) => version_id === file.version));
  if (manifest === undefined) throw new Error(`no manifest lists ${file.version}`);
  const end = { status, manifestPath: manifestKey(manifest), generation: 0 };
  const { table } = pipeline.builder();
  await endFile(table, { date: manifest.date, ...file }, end, pipeline.clock.now());
}

function sent(messageId: string, record: object) {
  return { messageId, body: JSON.stringify({ Records: [record] }) };
}

/** What the reconciler sends: times of a listing are whole seconds, and it knows no sequencer. */
function sweptRecord({ bucket = "", key: name, version, size }: Uploaded, uploadedAt: string): object {
  const { Records } = announcement(
    { bucket, key: name, version, size: size ?? 0, uploadedAt },
    "Reconciled",
  ) as { Records: object[] };
  return Records[0] ?? {};
}

function countOf(names: readonly string[], name: string): number {
  return names.filter((one) => one === name).length;
}
