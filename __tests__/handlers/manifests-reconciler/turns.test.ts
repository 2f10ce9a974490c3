import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import type { S3Client } from "@aws-sdk/client-s3";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { describe, expect, test } from "@jest/globals";
import type { ManifestsReconciler } from "../../../handlers/manifests-reconciler/reconciler";
import { sweepInputs } from "../../../handlers/manifests-reconciler/sweep-inputs";
import { awsError, clientDouble, clockDouble } from "../support/doubles";
import { keepLogs } from "../support/logs";

/** Begins tomorrow, so that a dataset has two units: tomorrow, and the rest. */
const FROM = "2026-02-01";

/** A reconciler whose prefixes have so many pages; `mayTake`: pages that it has time for, beyond one a unit. */
function makeReconciler(pagesOf: (prefix: string) => number, mayTake: number) {
  const saved = new Map<string, string>();
  const dynamo = clientDouble<DynamoDBClient>({
    GetItemCommand: ({ Key }) => {
      const cursor = saved.get(Key.name.S);
      return cursor ? { Item: { cursor: { S: cursor } } } : {};
    },
    PutItemCommand: ({ Item }) => {
      saved.set(Item.name.S, Item.cursor.S);
      return {};
    },
  });
  const s3 = clientDouble<S3Client>({
    ListObjectVersionsCommand: ({ Prefix, KeyMarker = "0" }) => {
      const page = Number(KeyMarker) + 1;
      return page < pagesOf(Prefix) ? { IsTruncated: true, NextKeyMarker: String(page) } : {};
    },
  });
  const sqs = clientDouble<SQSClient>({ GetQueueAttributesCommand: () => ({}) });
  const raw = { client: s3.client, name: "raw" };
  let left = mayTake;
  const reconciler: ManifestsReconciler = {
    tracking: { client: dynamo.client, name: "tracking", shards: 1 },
    control: { client: dynamo.client, name: "control" },
    raw,
    manifests: raw,
    curated: raw,
    datasets: ["junk", "good", "late"].map((name) => ({ name, prefix: `${name}/`, from: FROM, size: null })),
    inputsQueue: { client: sqs.client, url: "inputs" },
    manifestsQueue: { client: sqs.client, url: "manifests" },
    controlPlane: { client: clientDouble<LambdaClient>({}).client, name: "control-plane" },
    emf: { namespace: "Tributary", environment: "test" },
    clock: clockDouble(),
    graceMs: 60_000,
    remainingMs: () => (left-- > 0 ? 600_000 : 0),
  };
  const repairs = { announced: 0, resent: 0, completed: 0, compared: 0, pages: 0 };
  const listed = () => {
    const pages: Record<string, number> = {};
    for (const { input } of s3.sent) pages[input.Prefix] = (pages[input.Prefix] ?? 0) + 1;
    return pages;
  };
  return { sweep: () => sweepInputs(reconciler, repairs), listed, saved };
}

const JUNK = Number.POSITIVE_INFINITY;
const isJunk = (prefix: string) => (prefix.startsWith("junk/") ? JUNK : 40);

describe("the turns of the sweep", () => {
  keepLogs();

  test("give every unit a page, however late it is, and each goes on there", async () => {
    const { sweep, listed, saved } = makeReconciler(isJunk, 0);
    await sweep();
    await sweep();
    const units = ["junk", "good", "late"].flatMap((name) => [`${name}/${FROM}-`, `${name}/`]);
    expect(listed()).toEqual(Object.fromEntries(units.map((unit) => [unit, 2])));
    expect(JSON.parse(saved.get("cursor#inputs#good") ?? "")).toMatchObject({
      [FROM]: { pages: 2, marker: { keyMarker: "2" } },
      rest: { pages: 2, marker: { keyMarker: "2" } },
    });
  });

  test("complete all others beside inputs without end", async () => {
    const { sweep, listed, saved } = makeReconciler(isJunk, 260);
    await sweep();
    const pages = listed();
    for (const name of ["good", "late"]) {
      expect([pages[`${name}/${FROM}-`], pages[`${name}/`]]).toEqual([40, 40]);
      expect(JSON.parse(saved.get(`cursor#inputs#${name}`) ?? "").rest.last).toBeDefined();
    }
    expect(pages["junk/"]).toBeGreaterThan(40);
    expect(Object.values(pages).reduce((sum, each) => sum + each)).toBeLessThanOrEqual(6 + 260);
  });

  test("leave out a unit that fails, and tell whose it is", async () => {
    const { sweep, listed } = makeReconciler((prefix) => {
      if (prefix === "good/") throw awsError("SlowDown");
      return 20;
    }, 1_000);
    await expect(sweep()).rejects.toThrow(/^good: SlowDown/);
    expect(listed()).toMatchObject({ [`good/${FROM}-`]: 20, "good/": 1, "late/": 20 });
  });
});
