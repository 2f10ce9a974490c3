import { describe, expect, test } from "@jest/globals";
import { buildManifests } from "../../../handlers/manifests-builder/build-manifests";
import { keepLogs } from "../support/logs";
import { BUCKET_KEY } from "../support/memory-aws";
import { type Refusal, s3Error } from "../support/memory-objects";
import { ManifestsPipeline } from "./pipeline";

const OTHER_KEY = "arn:aws:kms:us-east-1:999999999999:key/other";
const DENIED = s3Error("AccessDenied", 403);

/** What its sender did to an object, how S3 refuses it, and what the reason beside it says. */
const REFUSALS: [string, Refusal, RegExp][] = [
  ["archived", { error: s3Error("InvalidObjectState", 403), head: {} }, /in an archive/],
  ["archived, told as of a copy", { error: s3Error("ObjectNotInActiveTierError", 403), head: {} }, /archive/],
  [
    "under a key of its sender",
    { error: s3Error("InvalidRequest", 400), head: s3Error("400", 400) },
    /SSE-C/,
  ],
  ["under another KMS key", { error: DENIED, head: { SSEKMSKeyId: OTHER_KEY } }, /999999999999:key\/other/],
  [
    "under another KMS key, disabled",
    { error: s3Error("KMS.DisabledException", 400), head: { SSEKMSKeyId: OTHER_KEY } },
    /999999999999/,
  ],
];
/** What we lack ourselves. */
const OWN: [string, Refusal][] = [
  ["its bucket's key", { error: DENIED, head: { SSEKMSKeyId: BUCKET_KEY } }],
  ["the right to read", { error: DENIED, head: s3Error("403", 403) }],
  ["the right to write", { error: DENIED, head: {} }],
];

const key = (name: string) => `input/clicks/2026-01-31-${name}.ndjson`;

function reasonsOf(pipeline: ManifestsPipeline): Record<string, string>[] {
  const reasons = [...pipeline.quarantined()].filter(([name]) => name.endsWith("/reason.json"));
  return reasons.map(([, text]) => JSON.parse(text));
}

describe("a file that is turned away and", () => {
  keepLogs();

  test.each(REFUSALS)("is %s has its reason alone, beside those that are copied", async (_, refusal, why) => {
    const pipeline = new ManifestsPipeline();
    const refused = pipeline.upload(key("refused"), "large", 500);
    const uploads = [refused, pipeline.upload(key("large"), "large", 500), pipeline.upload(key("good"), "x")];
    pipeline.aws.objects.refuse(refused, refusal);
    expect(await pipeline.build(pipeline.messages(uploads))).toEqual([]);
    const [reason] = reasonsOf(pipeline).filter(({ key: of }) => of === refused.key);
    expect(reason).toMatchObject({ reason: "unexpected-size", version_id: refused.version });
    expect(reason?.["message"]).toMatch(/; not copied: /);
    expect(reason?.["message"]).toMatch(why);
    expect(pipeline.quarantined().size).toBe(3);
    expect(pipeline.manifests()).toHaveLength(1);
  });

  test.each(OWN)("may not be copied for want of %s fails its message alone", async (_, refusal) => {
    const pipeline = new ManifestsPipeline();
    const refused = pipeline.upload(key("refused"), "large", 500);
    pipeline.aws.objects.refuse(refused, refusal);
    const messages = pipeline.messages([refused, pipeline.upload(key("good"), "x")]);
    expect(await pipeline.build(messages)).toEqual(messages.slice(0, 1));
    expect(pipeline.quarantined().size).toBe(0);
    expect(pipeline.manifests()).toHaveLength(1);
  });

  test("is larger than 100 MiB has its reason alone, and costs no copy", async () => {
    const pipeline = new ManifestsPipeline();
    const upload = { ...pipeline.upload(key("huge"), "x"), size: 5 * 2 ** 30 };
    const edge = { ...pipeline.upload(key("edge"), "x"), size: 100 * 2 ** 20 };
    expect(await pipeline.build(pipeline.messages([upload, edge]))).toEqual([]);
    expect(reasonsOf(pipeline).map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/; not copied: 5368709120 bytes, expected at most 104857600$/),
      ]),
    );
    expect(pipeline.aws.calls.filter((name) => name === "CopyObjectCommand")).toHaveLength(1);
  });
});

describe("280 files of 5 GB that no dataset takes", () => {
  keepLogs();

  test("take no copy, and no good message along", async () => {
    const pipeline = new ManifestsPipeline();
    const junk = Array.from({ length: 280 }, (_, index) => ({
      ...pipeline.upload(`input/junk-${index}`, "x"),
      size: 5 * 2 ** 30,
    }));
    const good = pipeline.upload(key("good"), "x");
    expect(await pipeline.build(pipeline.messages([...junk, good]))).toEqual([]);
    expect(reasonsOf(pipeline)).toHaveLength(280);
    expect(pipeline.manifests()).toHaveLength(1);
    expect(pipeline.aws.calls).not.toContain("CopyObjectCommand");
  });
});

describe("files that are turned away", () => {
  keepLogs();

  test("are copied after the good ones are published, until time is nearly over", async () => {
    const pipeline = new ManifestsPipeline();
    const junk = Array.from({ length: 200 }, (_, index) => pipeline.upload(`input/junk-${index}`, "x"));
    const messages = pipeline.messages([...junk, pipeline.upload(key("good"), "x")]);
    let left = 180_000;
    let manifestsBefore: number | undefined;
    const slow = pipeline.builder(async ({ name }, work) => {
      if (name === "CopyObjectCommand") {
        manifestsBefore ??= pipeline.manifests().length;
        left -= 2_000;
      }
      return work();
    });
    const { batchItemFailures } = await buildManifests(slow, messages, () => left);
    expect(manifestsBefore).toBe(1);
    const done = reasonsOf(pipeline).length;
    expect(done).toBeGreaterThan(0);
    expect(batchItemFailures).toHaveLength(200 - done);
    expect(batchItemFailures).not.toContainEqual({ itemIdentifier: messages.at(-1)?.messageId });
    expect(left).toBeGreaterThan(0);
  });

  test("wait for no copy longer than their invocation lasts", async () => {
    const pipeline = new ManifestsPipeline();
    const [message] = pipeline.messages([pipeline.upload("input/junk", "x")]);
    const builder = pipeline.builder();
    const client = {
      send: (_: unknown, { abortSignal }: { abortSignal: AbortSignal }) =>
        new Promise((_resolve, reject) => {
          abortSignal.addEventListener("abort", () => reject(new Error("aborted")));
        }),
    };
    let left = 20_000;
    const hanging = { ...builder, quarantine: { ...builder.quarantine, client: client as never } };
    const began = buildManifests(hanging, message ? [message] : [], () => {
      const now = left;
      left = 5_050;
      return now;
    });
    expect(await began).toEqual({ batchItemFailures: [{ itemIdentifier: message?.messageId }] });
  });
});

describe("a new version of a file whose content is", () => {
  keepLogs();

  test.each(REFUSALS)("%s counts as new, and is left to the job", async (_, refusal) => {
    const pipeline = new ManifestsPipeline();
    pipeline.aws.objects.checksums = false;
    await pipeline.deliver(pipeline.messages([pipeline.upload(key("a"), "a")]));
    const again = pipeline.upload(key("a"), "a");
    pipeline.aws.objects.refuse(again, refusal);
    expect(await pipeline.build(pipeline.messages([again]))).toEqual([]);
    const entries = pipeline.manifests().flatMap((manifest) => manifest.entries);
    expect(entries).toMatchObject([{ revision: 1 }, { version_id: again.version, revision: 2 }]);
  });

  test.each(OWN)("kept from us for want of %s fails its message", async (_, refusal) => {
    const pipeline = new ManifestsPipeline();
    pipeline.aws.objects.checksums = false;
    await pipeline.deliver(pipeline.messages([pipeline.upload(key("a"), "a")]));
    const again = pipeline.upload(key("a"), "a");
    pipeline.aws.objects.refuse(again, refusal);
    const messages = pipeline.messages([again]);
    expect(await pipeline.build(messages)).toEqual(messages);
    expect(pipeline.manifests()).toHaveLength(1);
  });

  test("larger than 16 MiB is not read", async () => {
    const pipeline = new ManifestsPipeline();
    pipeline.aws.objects.checksums = false;
    const size = 16 * 2 ** 20 + 1;
    const builder = pipeline.builder();
    const anySize = {
      ...builder.settings,
      datasets: builder.settings.datasets.map((one) => ({ ...one, size: null })),
    };
    for (const text of ["a", "a"]) {
      const [message] = pipeline.messages([{ ...pipeline.upload(key("a"), text), size }]);
      await buildManifests({ ...builder, settings: anySize }, message ? [message] : [], () => 180_000);
    }
    expect(pipeline.manifests()).toHaveLength(2);
  });
});
