import { describe, expect, test } from "@jest/globals";
import { pack } from "../../../handlers/manifests-builder/pack";
import { judge, type Plan, plan } from "../../../handlers/manifests-builder/plan";
import type { Message } from "../../../runtime/aws/queue-messages";
import { byLongestPrefix } from "../../../runtime/manifests/datasets";
import { manifestId } from "../../../runtime/manifests/manifests";
import { type EventObject, s3Event, s3Record } from "../support/events";
import { seeded, shuffled } from "../support/faults";
import { CLICKS, NOW } from "./pipeline";

const TODAY = new Date(NOW);
const KEY = "input/clicks/2026-01-31-a.ndjson";
const LIMITS = { bytes: 1_000, files: 4 };

const message = (messageId: string, body: unknown): Message => ({ messageId, body: JSON.stringify(body) });
const announce = (messageId: string, ...objects: EventObject[]) =>
  message(messageId, s3Event(...objects.map((object) => ({ size: 100, ...object }))));
const planOf = (...messages: Message[]) => plan(messages, { datasets: [CLICKS], limits: LIMITS }, TODAY);

/** Keys and versions of what a plan proposes, by manifest. */
const proposed = ({ proposals }: Plan) =>
  proposals.map(({ files }) => files.map(({ key, version }) => `${key.split("/").at(-1)}@${version}`));

describe("plan", () => {
  test("proposes a manifest for each date, sorted, of all records of all messages", () => {
    const made = planOf(
      announce("1", { key: "input/clicks/2026-01-31-b.ndjson" }, { key: KEY }),
      announce("2", { key: "input/clicks/2026-01-30-c.ndjson.gz" }),
    );
    expect(proposed(made)).toEqual([
      ["2026-01-30-c.ndjson.gz@v1"],
      ["2026-01-31-a.ndjson@v1", "2026-01-31-b.ndjson@v1"],
    ]);
    expect(made.proposals[1]).toMatchObject({ dataset: "clicks", date: "2026-01-31" });
    expect(made.proposals[1]?.files[0]).toEqual({
      bucket: "raw",
      key: KEY,
      version: "v1",
      size: 100,
      sequencer: "0055AED6DCD90281E5".padEnd(64, "0"),
      uploadedAt: "2026-01-31T12:00:00.000Z",
      messages: ["1"],
      dataset: "clicks",
      date: "2026-01-31",
    });
  });

  test("takes a version once that several messages announce, and remembers them all", () => {
    const made = planOf(announce("1", { key: KEY }, { key: KEY }), announce("2", { key: KEY }));
    expect(made.proposals[0]?.files.map(({ messages }) => messages)).toEqual([["1", "2"]]);
  });

  test("takes what S3 said over what a sweep found", () => {
    const { sequencer: _, ...object } = s3Record({ key: KEY, size: 100 }).s3.object;
    const record = s3Record({ key: KEY });
    const swept = message("1", { Records: [{ ...record, s3: { ...record.s3, object } }] });
    expect(planOf(swept).proposals[0]?.files[0]).not.toHaveProperty("sequencer");
    for (const messages of [
      [swept, announce("2", { key: KEY })],
      [announce("2", { key: KEY }), swept],
    ]) {
      const [file] = planOf(...messages).proposals[0]?.files ?? [];
      expect(file?.sequencer).toMatch(/^0055AED6/);
      expect([...(file?.messages ?? [])].sort()).toEqual(["1", "2"]);
    }
  });

  test.each([
    ["in order", ["1", "2", "3"]],
    ["reversed", ["3", "2", "1"]],
    ["mixed", ["2", "3", "1"]],
  ])("takes the newest of several versions that come %s", (_, order) => {
    const made = planOf(
      ...order.map((one) => announce(one, { key: KEY, version: `v${one}`, sequencer: `0${one}` })),
    );
    expect(proposed(made)).toEqual([["2026-01-31-a.ndjson@v3"]]);
    expect(made.superseded.map(({ version }) => version).sort()).toEqual(["v1", "v2"]);
  });

  test("supersedes nothing by a version that goes into quarantine", () => {
    const made = planOf(
      announce("1", { key: KEY, version: "v1", sequencer: "01" }),
      announce("2", { key: KEY, version: "v2", sequencer: "02", size: 500 }),
    );
    expect(proposed(made)).toEqual([["2026-01-31-a.ndjson@v1"]]);
    expect(made.superseded).toEqual([]);
    expect(made.quarantines).toMatchObject([{ reason: "unexpected-size", file: { version: "v2" } }]);
  });

  test.each([
    ["the bucket's test event", { Service: "Amazon S3", Event: "s3:TestEvent", Bucket: "raw" }],
    ["an event without records", { Records: [] }],
    ["a delete marker", s3Event({ key: KEY, name: "ObjectRemoved:DeleteMarkerCreated" })],
    ["a deleted version", s3Event({ key: KEY, name: "ObjectRemoved:Delete" })],
    ["a folder marker", s3Event({ key: "input/clicks/" })],
  ])("plans nothing and fails nothing for %s", (_, body) => {
    expect(planOf(message("1", body))).toEqual({
      proposals: [],
      superseded: [],
      quarantines: [],
      failures: [],
    });
  });

  test.each([
    ["no JSON", { messageId: "bad", body: "{" }],
    ["no S3 event", message("bad", { detail: {} })],
    ["JSON that is no object", message("bad", null)],
    ["a record without a version", message("bad", { Records: [withoutVersion()] })],
    [
      "a record without a time",
      message("bad", { Records: [{ ...s3Record({ key: KEY }), eventTime: "now" }] }),
    ],
    ["one broken record of two", message("bad", { Records: [s3Record({ key: KEY, size: 100 }), { s3: 1 }] })],
  ])("fails a message of %s alone", (_, bad) => {
    const made = planOf(announce("1", { key: "input/clicks/2026-01-31-good.ndjson" }), bad as Message);
    expect(made.failures.map(({ messageId }) => messageId)).toEqual(["bad"]);
    expect(proposed(made).flat()).toContain("2026-01-31-good.ndjson@v1");
  });

  test("is the same for every order of the messages", () => {
    const random = seeded(7);
    const messages = Array.from({ length: 60 }, (_, index) =>
      announce(`${index}`, {
        key: `input/clicks/2026-01-${10 + (index % 4)}-${index % 23}${["ü", "\u{1F600}", "\uFFFD"][index % 3]}.ndjson`,
        version: `v${index}`,
        sequencer: `${100 + index}`,
        size: index % 7 === 0 ? 1_000 : 100,
      }),
    );
    const made = planOf(...messages);
    for (let round = 0; round < 20; round++) {
      const other = planOf(...shuffled(messages, random));
      expect(other.proposals).toEqual(made.proposals);
      expect(new Set(other.superseded)).toEqual(new Set(made.superseded));
      expect(new Set(other.quarantines)).toEqual(new Set(made.quarantines));
    }
    const ended = [
      ...made.proposals.flatMap(({ files }) => files),
      ...made.superseded,
      ...made.quarantines.map(({ file }) => file),
    ];
    expect(ended.map(({ version }) => version).sort()).toEqual(
      messages.map((_, index) => `v${index}`).sort(),
    );
  });
});

function withoutVersion(): object {
  const record = s3Record({ key: KEY });
  return { ...record, s3: { ...record.s3, object: { ...record.s3.object, versionId: undefined } } };
}

describe("judge", () => {
  const verdict = (key: string, size = 100, datasets = [CLICKS]) => {
    const judged = judge(
      { bucket: "raw", key, version: "v1", size, uploadedAt: NOW, messages: [] },
      datasets,
      TODAY,
    );
    return "reason" in judged ? judged.reason : judged.date;
  };

  test.each([
    ["2026-01-31-a.ndjson", "2026-01-31"],
    ["2026-01-31-a.ndjson.gz", "2026-01-31"],
    ["2026-01-31-.ndjson", "2026-01-31"],
    ["sub/folder/2026-01-31-a b+ü\n.ndjson", "2026-01-31"],
    ["2024-02-29-leap.ndjson", "2024-02-29"],
    ["2020-01-01-first.ndjson", "2020-01-01"],
    ["2026-02-01-tomorrow.ndjson", "2026-02-01"],
    ["2026-02-02-later.ndjson", "date-out-of-range"],
    ["2019-12-31-early.ndjson", "date-out-of-range"],
    ["2026-02-29-no-leap.ndjson", "invalid-name"],
    ["2026-13-01-month.ndjson", "invalid-name"],
    ["2026-00-10-month.ndjson", "invalid-name"],
    ["2026-1-1-short.ndjson", "invalid-name"],
    ["2026-01-31.ndjson", "invalid-name"],
    ["2026-01-31_a.ndjson", "invalid-name"],
    ["2026-01-31-a.json", "2026-01-31"],
    ["2026-01-31-a.ndjson.zst", "2026-01-31"],
    ["2026-01-31-a.CSV", "2026-01-31"],
    ["2026-01-31-", "2026-01-31"],
    ["a-2026-01-31-a.ndjson", "invalid-name"],
    ["2026-01-31-folder/a.ndjson", "invalid-name"],
    [`2026-01-31-${"ü".repeat(450)}.ndjson`, "invalid-name"],
  ])("of the name %j says %s", (name, expected) => {
    expect(verdict(`input/clicks/${name}`)).toBe(expected);
  });

  test.each([
    [0, "unexpected-size"],
    [89, "unexpected-size"],
    [90, "2026-01-31"],
    [110, "2026-01-31"],
    [111, "unexpected-size"],
  ])("of %i bytes, 100 ± 10 %% being expected, says %s", (size, expected) => {
    expect(verdict(KEY, size)).toBe(expected);
  });

  test.each([0, 1, 5e12])("takes %i bytes where anything goes", (size) => {
    expect(verdict(KEY, size, [{ ...CLICKS, size: null }])).toBe("2026-01-31");
  });

  test.each([
    [3_150_000, "2026-01-31"],
    [3_149_999, "unexpected-size"],
    [3_850_000, "2026-01-31"],
    [3_850_001, "unexpected-size"],
  ])("of %i bytes, 3.5 MB ± 10 %% being expected, says %s", (size, expected) => {
    const size35 = { bytes: 3_500_000, tolerance: 0.1 };
    expect(verdict(KEY, size, [{ ...CLICKS, size: size35 }])).toBe(expected);
  });

  test("takes corrected lines of any size, which are of many files or of one line", () => {
    expect(verdict("input/clicks/tributary-corrections/2026-01-31-a.ndjson", 1)).toBe("2026-01-31");
  });

  test("gives a file to the dataset with the longest prefix, and none to no dataset", () => {
    const sub = { name: "mobile", prefix: "input/clicks/mobile/", from: "2020-01-01", size: null };
    const datasets = byLongestPrefix([CLICKS, sub]);
    const file = { bucket: "raw", version: "v1", size: 100, uploadedAt: NOW, messages: [] };
    const datasetOf = (key: string) => judge({ ...file, key }, datasets, TODAY).dataset;
    expect(datasetOf("input/clicks/mobile/2026-01-31-a.ndjson")).toBe("mobile");
    expect(datasetOf("input/clicks/2026-01-31-a.ndjson")).toBe("clicks");
    expect(verdict("input/others/2026-01-31-a.ndjson")).toBe("no-dataset");
  });
});

describe("pack", () => {
  const files = (...sizes: number[]) =>
    sizes.map((size, index) => ({
      bucket: "raw",
      key: `k${String(index).padStart(3, "0")}`,
      version: "v",
      size,
    }));
  const packed = (...sizes: number[]) =>
    pack(files(...sizes), { bytes: 1_000, files: 4 }).map((list) => list.map(({ size }) => size));

  test.each([
    ["nothing", [], []],
    ["fewer than fill one, which are flushed", [100], [[100]]],
    ["exactly the bytes", [500, 500, 1], [[500, 500], [1]]],
    ["exactly the files", [1, 1, 1, 1, 1], [[1, 1, 1, 1], [1]]],
    ["a file above the limit alone", [100, 2_000, 100], [[100], [2_000], [100]]],
    ["empty files", [0, 0], [[0, 0]]],
  ])("packs %s", (_, sizes, expected) => {
    expect(packed(...sizes)).toEqual(expected);
  });

  test("keeps every file once, in order, inside the limits, for any sizes", () => {
    const random = seeded(1);
    for (let round = 0; round < 200; round++) {
      const sizes = Array.from({ length: Math.floor(random() * 50) }, () => Math.floor(random() * 1_200));
      const lists = pack(shuffled(files(...sizes), random), { bytes: 1_000, files: 4 });
      expect(lists.flat()).toEqual(files(...sizes));
      for (const list of lists) {
        const bytes = list.reduce((sum, { size }) => sum + size, 0);
        expect(list.length === 1 || (list.length <= 4 && bytes <= 1_000)).toBe(true);
      }
    }
  });

  test("orders keys by their UTF-8 bytes, not by UTF-16 units", () => {
    const keys = ["\u{10000}", "\uFFFD", "a", "ü"].map((key) => ({
      bucket: "raw",
      key,
      version: "v",
      size: 1,
    }));
    expect(pack(keys, { bytes: 10, files: 10 })[0]?.map(({ key }) => key)).toEqual([
      "a",
      "ü",
      "\uFFFD",
      "\u{10000}",
    ]);
  });
});

describe("manifestId", () => {
  const input = { bucket: "raw", key: "k", version: "v" };

  test("is a hash of dataset and inputs, and stays what it is", () => {
    // printf '"clicks"["raw","k","v"]' | sha256sum
    expect(manifestId("clicks", [input])).toBe("196b16ace5f7a24c7923e2874c4db981");
  });

  test("differs where anything differs", () => {
    const ids = [
      manifestId("clicks", [input]),
      manifestId("events", [input]),
      manifestId("clicks", [input, { ...input, key: "l" }]),
      manifestId("clicks", [{ ...input, version: "w" }]),
      manifestId("clicks", [{ ...input, bucket: "raw2" }]),
      manifestId("clicks", [{ ...input, key: "kv", version: "" }]),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});
