import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { PIPELINES, type Pipeline } from "../../environments/schema";
import { Checkout } from "../support/checkout";
import { resourcesOf, statementsOf } from "../support/resources";
import type { StackJson } from "../support/stacks";

/** Datasets of each pipeline: S3 has no notification for each of them, and variables of functions have no room. */
const EACH = 100;

/** Columns and partitions, which a batch needs. */
const BY_KIND = {
  columns: ["kind", "text"].map((name) => ({ name, type: "string", required: true, comment: name })),
  partitions: ["kind"],
  partitionValues: { kind: ["a", "b"] },
  sort: "text",
};

describe("an environment with hundreds of datasets", () => {
  const checkout = new Checkout();
  const names = PIPELINES.flatMap((pipeline) =>
    Array.from({ length: EACH }, (_, index) => declare(checkout, pipeline, `${pipeline}_number_${index}`)),
  );
  let stacks: StackJson[] = [];

  beforeAll(async () => {
    const outcome = await checkout.run("npm run --silent synth -- --environment prod --output out");
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    const folder = checkout.path("out", "stacks");
    const files = readdirSync(folder).map((name) => checkout.path("out", "stacks", name, "cdk.tf.json"));
    stacks = files.map((file) => JSON.parse(readFileSync(file, "utf8")));
  });
  afterAll(() => checkout.remove());

  const all = (type: string) => stacks.flatMap((stack) => resourcesOf(stack, type).map(([, each]) => each));

  test("has the table of each", () => {
    const tables = all("aws_glue_catalog_table").map(({ name }) => name);
    expect(tables).toEqual(expect.arrayContaining(names));
  });

  test("gets the events of each by rules", () => {
    expect(all("aws_s3_bucket_notification")).toContainEqual(expect.objectContaining({ eventbridge: true }));
    const patterns = all("aws_cloudwatch_event_rule").map((rule) =>
      JSON.parse(String(rule["event_pattern"])),
    );
    const keys = patterns.flatMap(({ detail }) => detail?.object?.key ?? []);
    expect(keys).toEqual(expect.arrayContaining(names.map((name) => ({ prefix: `input/${name}/` }))));
  });

  test.each([
    ["uploads-reconciler", "uploads"],
    ["manifests-builder", "manifests"],
    ["manifests-reconciler", "manifests"],
    ["ledger-registrar", "ledger"],
    ["untaken-objects", ""],
  ])("tells %s of its own by the archive", (handler, pipeline) => {
    const assets = checkout.path("out", "stacks", "prod-compute", "assets");
    const [file = ""] = readdirSync(assets, { recursive: true, encoding: "utf8" }).filter((path) =>
      path.endsWith(`/${handler}.zip`),
    );
    const archive = readFileSync(checkout.path("out", "stacks", "prod-compute", "assets", file));
    const own = names.filter((name) => name.startsWith(pipeline));
    expect(own.filter((name) => !archive.includes(`"input/${name}/"`))).toEqual([]);
  });

  test("lets roles do with each what they do, by policies that IAM takes", () => {
    for (const { policy } of all("aws_iam_policy")) {
      expect(String(policy).replaceAll(/\$\{[^}]*\}/g, "x".repeat(70)).length).toBeLessThanOrEqual(6_144);
    }
    const text = ["aws_iam_role_policy", "aws_iam_policy"]
      .flatMap((type) => all(type).flatMap(({ policy }) => statementsOf(String(policy))))
      .map((statement) => JSON.stringify(statement))
      .join();
    expect(names.filter((name) => !text.includes(`/input/${name}/*`))).toEqual([]);
    expect(names.filter((name) => !text.includes(`columns#${name}`))).toEqual([]);
  });
});

function declare(checkout: Checkout, pipeline: Pipeline, name: string): string {
  const declaration = {
    name,
    description: "One of hundreds.",
    owner: "data-platform",
    classification: "internal",
    pipeline,
    prefix: `input/${name}/`,
    format: { kind: "ndjson" },
    ...(pipeline === "manifests" && { dates: { from: "2026-01-01" } }),
    ...(pipeline === "ledger" && BY_KIND),
  };
  mkdirSync(checkout.path("datasets", name));
  writeFileSync(checkout.path("datasets", name, "dataset.json"), JSON.stringify(declaration));
  return name;
}
