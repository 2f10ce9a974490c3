import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { reconcile } from "../../../handlers/manifests-reconciler/reconcile";
import type { ManifestsReconciler } from "../../../handlers/manifests-reconciler/reconciler";
import { TakeUp } from "../../../handlers/manifests-reconciler/take-up";
import { orderStreamingJob, saveCursor } from "../../../runtime/manifests/control";
import { awsError } from "../support/doubles";
import {
  CONTROL,
  CURATED,
  claimed,
  idOf,
  MANIFESTS,
  type ManifestsPipeline,
  manifestOf,
  RAW,
  receiptOf,
  SHARDS,
  startManifestsPipeline,
  TRACKING,
} from "../support/emulated-pipeline";
import { dieAt, seeded, throttle } from "../support/faults";
import { Faulty, type SentCommand } from "../support/faulty";
import { keepLogs } from "../support/logs";
import type { Fault } from "../support/memory-aws";

const MINUTE = 60_000;
/** Its age doubles in none of the hours that a test plays through. */
const DAYS_AGO = new Date(Date.now() - 3 * 86_400_000).toISOString();
const TODAY = new Date().toISOString().slice(0, 10);

interface Options {
  fault?: Fault;
  /** Minutes by which its clock is ahead: the objects of this test are younger than any grace time. */
  later?: number;
  remainingMs?: () => number;
}

let pipeline: ManifestsPipeline;
const sqs = () => new SQSClient();

/** A reconciler on the emulator but for the control plane, whose invocations are kept. */
function makeReconciler({ fault, later = 60, remainingMs = () => 600_000 }: Options = {}): {
  reconciler: ManifestsReconciler;
  sent: SentCommand[];
} {
  const faulty = new Faulty(fault);
  const table = faulty.wrap(pipeline.dynamo);
  const objects = faulty.wrap(pipeline.s3);
  const queues = faulty.wrap(sqs());
  const lambda = { send: async () => ({}) } as unknown as LambdaClient;
  const reconciler: ManifestsReconciler = {
    tracking: { client: table, name: TRACKING, shards: SHARDS },
    control: { client: table, name: CONTROL },
    raw: { client: objects, name: RAW },
    manifests: { client: objects, name: MANIFESTS },
    curated: { client: objects, name: CURATED },
    // a few days only: each day takes calls
    datasets: [{ name: "clicks", prefix: "input/clicks/", from: TODAY, size: null }],
    inputsQueue: { client: queues, url: pipeline.queues.inputs },
    manifestsQueue: { client: queues, url: pipeline.queues.manifests },
    controlPlane: { client: faulty.wrap(lambda), name: "control-plane" },
    emf: { namespace: "Tributary", environment: "test" },
    clock: { now: () => new Date(Date.now() + later * MINUTE), sleep: async () => {} },
    graceMs: 30 * MINUTE,
    remainingMs,
  };
  return { reconciler, sent: faulty.sent };
}

/** What was said again, by the names of files and ids of manifests. */
async function said(...runs: readonly SentCommand[][]) {
  const invoked = runs.flat().filter(({ name }) => name === InvokeCommand.name);
  const names = (all: readonly unknown[], pattern: RegExp) =>
    [...new Set(all.flatMap((one) => pattern.exec(JSON.stringify(one))?.[1] ?? []))].sort();
  return {
    announced: names(await pipeline.take("inputs"), /\d-(\w+)\.ndjson/),
    resent: names(await pipeline.take("manifests"), /0(\d)\.json/),
    completed: names(
      invoked.map(({ input }) => input.Payload),
      /0(\d)\.json/,
    ),
  };
}

const ALL = { announced: ["lost", "stuck"], resent: ["1"], completed: ["2"] };

beforeAll(async () => {
  pipeline = await startManifestsPipeline();
  const Key = `input/clicks/${TODAY}-lost.ndjson`;
  await pipeline.s3.send(new PutObjectCommand({ Bucket: RAW, Key, Body: "{}\n" }));
  const [waiting, done] = [
    claimed("2026-01-31-a.ndjson", idOf("1")),
    claimed("2026-01-31-b.ndjson", idOf("2")),
  ];
  const manifest = manifestOf(idOf("2"), [done]);
  await pipeline.publish({ manifest: manifestOf(idOf("1"), [waiting]) });
  await pipeline.publish({ manifest, receipt: receiptOf(manifest), parquet: true });
  await pipeline.publish({ manifest: manifestOf(idOf("4"), []) });
});

afterAll(() => pipeline.stop());

/** One file for each thing that may be forgotten. */
async function forget(): Promise<void> {
  await pipeline.clear(TRACKING, CONTROL);
  await Promise.all(
    [
      claimed("2026-01-31-a.ndjson", idOf("1")),
      claimed("2026-01-31-b.ndjson", idOf("2")),
      claimed("2026-01-31-stuck.ndjson", idOf("3")),
    ].map((file) => pipeline.track({ ...file, createdAt: DAYS_AGO })),
  );
}

describe("the manifest reconciler", () => {
  keepLogs();

  beforeEach(async () => {
    await forget();
    await said();
  });

  test("says everything once, and the same again only when its age has doubled", async () => {
    const rounds = [60, 75, 115, 130].map((later) => makeReconciler({ later }));
    const repeated = [];
    for (const { reconciler, sent } of rounds) {
      await reconcile(reconciler);
      repeated.push(await said(sent));
    }
    const nothing = { announced: [], resent: [], completed: [] };
    expect(repeated).toEqual([ALL, nothing, nothing, { ...nothing, announced: ["lost"] }]);
  });

  test("announces a file that its manifest does not list, and nothing of a manifest that is fenced", async () => {
    await pipeline.clear(TRACKING);
    await pipeline.track(claimed("2026-01-31-c.ndjson", idOf("4")));
    await pipeline.track(claimed("2026-01-31-d.ndjson", idOf("1")));
    const { reconciler, sent } = makeReconciler({ later: 0 });
    await reconcile(reconciler);
    expect(await said(sent)).toEqual({ announced: ["c", "d"], resent: [], completed: [] });
  });

  test.each([
    ["stopped on purpose", { desired: "stopped" } as const, 0, ["1"]],
    ["behind", {}, 101, ["1"]],
  ])(
    "sends no manifest again to a job that is %s, but as soon as it is not",
    async (_, order, messages, later) => {
      await orderStreamingJob({ client: pipeline.dynamo, name: CONTROL }, order, "test", new Date());
      const behind: Fault = async (call, work) =>
        call.name === "GetQueueAttributesCommand"
          ? { Attributes: { ApproximateNumberOfMessages: String(messages) } }
          : work();
      const first = makeReconciler({ fault: behind });
      await reconcile(first.reconciler);
      expect(await said(first.sent)).toEqual({ ...ALL, resent: [] });
      await orderStreamingJob(
        { client: pipeline.dynamo, name: CONTROL },
        { desired: "running" },
        "test",
        new Date(),
      );
      const second = makeReconciler({ later: 61 });
      await reconcile(second.reconciler);
      expect((await said(second.sent)).resent).toEqual(later);
    },
  );

  test("leaves the inputs alone while their queue is behind, and finds them afterwards", async () => {
    const behind: Fault = async (call, work) =>
      call.name === "GetQueueAttributesCommand"
        ? { Attributes: { ApproximateNumberOfMessages: "1001" } }
        : work();
    await reconcile(makeReconciler({ fault: behind }).reconciler);
    expect((await said()).announced).toEqual(["stuck"]);
    await reconcile(makeReconciler({ later: 61 }).reconciler);
    expect((await said()).announced).toEqual(["lost"]);
  });

  test("works page by page when it has no time, and gets through", async () => {
    const seen = { announced: new Set<string>(), resent: new Set<string>(), completed: new Set<string>() };
    for (let round = 0; round < 40; round++) {
      const { reconciler, sent } = makeReconciler({ later: 60 + round / 1_000, remainingMs: () => 0 });
      await reconcile(reconciler);
      for (const [what, names] of Object.entries(await said(sent))) {
        for (const name of names) seen[what as keyof typeof seen].add(name);
      }
    }
    expect(
      Object.fromEntries(Object.entries(seen).map(([what, names]) => [what, [...names].sort()])),
    ).toEqual(ALL);
  });

  test("goes on with the others when a manifest cannot be read, and says which", async () => {
    const fault: Fault = async (call, work) => {
      if (call.name === "HeadObjectCommand" && broken-- > 0) throw awsError("AccessDenied");
      return work();
    };
    let broken = 1;
    const { reconciler, sent } = makeReconciler({ fault });
    await expect(reconcile(reconciler)).rejects.toThrow(/1 manifests could not be judged: AccessDenied/);
    const { announced, resent, completed } = await said(sent);
    expect([announced, resent.length + completed.length]).toEqual([ALL.announced, 1]);
  });

  test("keeps no more of what it saw than it has room for, and says nothing twice for that", async () => {
    const { reconciler, sent } = makeReconciler();
    const repairs = { announced: 0, resent: 0, completed: 0, compared: 0, pages: 0 };
    const takeUp = new TakeUp(reconciler, repairs, { sending: true }, 0);
    const page = (name: string, digits: string) => {
      const { key, manifestPath = "" } = claimed(`2026-01-31-${name}.ndjson`, idOf(digits));
      const item = { date_prefix: "2026-01-31#00", file_name: key };
      return takeUp.files([{ item, createdAt: new Date(DAYS_AGO), manifestPath }]);
    };
    for (const [name, digits] of ["a1", "b2", "a1", "a1"]) await page(name ?? "", digits ?? "");
    const read = sent.flatMap(({ input }) => /^manifests\/.*(\d)\.json$/.exec(input.Key ?? "")?.[1] ?? []);
    expect(read).toEqual(["1", "2", "1", "1"]);
    expect(repairs).toMatchObject({ resent: 1, completed: 1 });
  });

  test("is not led astray by a cursor of a date that is gone", async () => {
    const cursor = { "2020-01-01": { pages: 3, began: "2020-01-01T00:00:00.000Z" } };
    await saveCursor({ client: pipeline.dynamo, name: CONTROL }, "inputs#clicks", cursor, new Date());
    await reconcile(makeReconciler().reconciler);
    expect((await said()).announced).toEqual(ALL.announced);
  });
});

describe("what a reconciler left undone", () => {
  keepLogs();

  test.each([
    ["before", 3],
    // nearly the same as before the next one
    ["after", 7],
  ] as const)("when it was killed %s any of its calls, the next one does", async (when, step) => {
    for (let call = 0; ; call += step) {
      await forget();
      const { fault, died } = dieAt(call, when);
      const killed = makeReconciler({ fault });
      await Promise.race([reconcile(killed.reconciler), died]);
      const calls = killed.sent.length;
      const next = makeReconciler({ later: 180 });
      await reconcile(next.reconciler);
      expect({ call, ...(await said(killed.sent.slice(0, call), next.sent)) }).toEqual({ call, ...ALL });
      if (calls <= call) break;
      expect(call).toBeLessThan(150);
    }
  });

  test("when 30 % of all calls were throttled, the next ones do", async () => {
    await forget();
    const fault = throttle(0.3, seeded(7));
    const all: SentCommand[] = [];
    for (let round = 0, failed = true; failed; round++) {
      const { reconciler, sent } = makeReconciler({ fault });
      failed = await reconcile(reconciler).then(
        () => false,
        () => true,
      );
      all.push(...sent);
      // which calls are throttled follows from their order: some runs take two hundred rounds, and none this many
      expect(round).toBeLessThan(5_000);
    }
    expect(await said(all)).toEqual(ALL);
  });
});
