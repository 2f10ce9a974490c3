import { describe, expect, test } from "@jest/globals";
import type { Message } from "../../../runtime/aws/queue-messages";
import { endFile } from "../../../runtime/manifests/tracking";
import { awsError } from "../support/doubles";
import { dieAt, loseAnswer, seeded, shuffled, TIMEOUT, throttle } from "../support/faults";
import { keepLogs } from "../support/logs";
import type { Fault } from "../support/memory-aws";
import { account, IN_ORDER } from "./accounts";
import { CALLS, makeBatch } from "./batch";
import { ManifestsPipeline } from "./pipeline";

const DAY_MS = 86_400_000;

describe("the manifest builder", () => {
  keepLogs();

  test("makes fewer calls for the batch than the tests below break", async () => {
    const { pipeline, batch } = await makeBatch();
    const before = pipeline.aws.calls.length;
    expect(await pipeline.deliver(batch)).toBe(1);
    expect(account(pipeline)).toEqual(IN_ORDER);
    expect(pipeline.aws.calls.length - before).toBeLessThan(CALLS.length);
  });

  test.each(["before", "after"] as const)("survives being killed %s each of its calls", async (when) => {
    for (const number of CALLS) {
      const { pipeline, batch } = await makeBatch();
      const { fault, died } = dieAt(number, when);
      await Promise.race([pipeline.build(batch, fault), died]);
      pipeline.passVisibility();
      await pipeline.deliver(batch);
      expect({ number, ...account(pipeline) }).toEqual({ number, ...IN_ORDER });
    }
  });

  test.each([
    ["is repeated", TIMEOUT],
    ["fails the message", awsError("UnrecognizedClientException")],
  ])("survives the loss of each response when the call %s", async (_, error) => {
    for (const number of CALLS) {
      const { pipeline, batch } = await makeBatch();
      await pipeline.deliver(batch, loseAnswer(number, error));
      expect({ number, ...account(pipeline) }).toEqual({ number, ...IN_ORDER });
    }
  });

  test("loses nothing under 30 % throttling", async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { pipeline, batch } = await makeBatch();
      await pipeline.deliver(batch, throttle(0.3, seeded(seed)));
      expect({ seed, ...account(pipeline) }).toEqual({ seed, ...IN_ORDER });
    }
  });

  test.each([
    ["at once", 0],
    ["after 28 days, everything being finished", 28],
  ])("writes nothing when the whole batch comes back %s", async (_, days) => {
    const { pipeline, batch } = await makeBatch();
    await pipeline.deliver(batch);
    await finishAll(pipeline);
    pipeline.clock.pass(days * DAY_MS);
    pipeline.aws.table.expire(pipeline.clock.now());
    const before = pipeline.manifests();
    expect(await pipeline.deliver(batch)).toBe(1);
    expect(pipeline.manifests()).toEqual(before);
    expect(account(pipeline)).toEqual(IN_ORDER);
  });

  test("settles on a second manifest when the whole batch comes back to a fenced one", async () => {
    const { pipeline, batch } = await makeBatch();
    const { fault, died } = dieAt(0, "after");
    await Promise.race([pipeline.build(batch.slice(0, 3), fault), died]);
    pipeline.passVisibility();
    // another batch with the claimed file fences the name
    await pipeline.deliver(batch.slice(0, 1));
    expect(await pipeline.deliver(batch.slice(0, 3))).toBe(1);
    const before = pipeline.manifests();
    expect(await pipeline.deliver(batch.slice(0, 3))).toBe(1);
    expect(pipeline.manifests()).toEqual(before);
    await pipeline.deliver(batch);
    expect(account(pipeline)).toEqual(IN_ORDER);
  });
});

/** What the control plane does once the job is done with each manifest. */
async function finishAll(pipeline: ManifestsPipeline): Promise<void> {
  const { table } = pipeline.builder();
  for (const { id, dataset, date, entries } of pipeline.manifests()) {
    const manifestPath = `manifests/${dataset}/${date}/${id}.json`;
    const end = { status: "completed" as const, manifestPath, generation: 0 };
    for (const { key, version_id: version } of entries) {
      expect(await endFile(table, { date, key, version }, end, pipeline.clock.now())).toBe("written");
    }
  }
}

/** Which versions of a key come, in the order of their upload: `=` has the content of the one before it. */
const HISTORIES = ["x", "xy", "x=", "xyz", "x=y", "xy=", "x==", "xyx", "x!", "!x", "x!y", "!!", "x!="];

describe("versions of a key", () => {
  keepLogs();

  test.each(HISTORIES)("end in their places for %s, every event 1 to 5 times, shuffled", async (history) => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = seeded(seed);
      const pipeline = new ManifestsPipeline();
      const uploads = uploadHistory(pipeline, "input/clicks/2026-01-30-a.ndjson", history);
      const events = uploads.flatMap((upload) => Array(1 + Math.floor(random() * 5)).fill(upload));
      const messages = pipeline.messages(shuffled(events, random));
      pipeline.aws.objects.checksums = random() < 0.5;
      await deliverInBatches(pipeline, messages, random);
      expect({ seed, ...account(pipeline) }).toEqual({ seed, ...IN_ORDER });
    }
  });

  test("keep their order when 30 keys come mixed, in batches at once, throttled", async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const random = seeded(1_000 + seed);
      const pipeline = new ManifestsPipeline();
      for (let index = 0; index < 30; index++) {
        const history = HISTORIES[Math.floor(random() * HISTORIES.length)] ?? "x";
        uploadHistory(pipeline, `input/clicks/2026-01-${10 + (index % 3)}-${index}.ndjson`, history);
      }
      const events = pipeline.uploads.flatMap((upload) => Array(1 + Math.floor(random() * 3)).fill(upload));
      const messages = pipeline.messages(shuffled(events, random));
      await deliverInBatches(pipeline, messages, random, throttle(0.3, random));
      expect({ seed, ...account(pipeline) }).toEqual({ seed, ...IN_ORDER });
    }
  });
});

function uploadHistory(pipeline: ManifestsPipeline, key: string, history: string) {
  let content = "";
  return [...history].map((version) => {
    if (version === "!") return pipeline.upload(key, "too long", 1_000);
    if (version !== "=") content = version;
    return pipeline.upload(key, content);
  });
}

/** In batches of a random size, two at a time. */
async function deliverInBatches(
  pipeline: ManifestsPipeline,
  messages: readonly Message[],
  random: () => number,
  fault?: Fault,
): Promise<void> {
  const size = 1 + Math.floor(random() * messages.length);
  let left: Message[] = [];
  for (let start = 0; start < messages.length; start += 2 * size) {
    const batches = [messages.slice(start, start + size), messages.slice(start + size, start + 2 * size)];
    const failed = await Promise.all(batches.map((batch) => pipeline.build(batch, fault)));
    left.push(...failed.flat());
    if (random() < 0.3) pipeline.passVisibility();
  }
  left = shuffled(left, random);
  pipeline.passVisibility();
  await pipeline.deliver(left, fault);
}
