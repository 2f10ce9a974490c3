import { describe, expect, test } from "@jest/globals";
import { lossesOf, type Permit, type Present, refusalsOf } from "../../../cli/apply/refusals";
import type { Binding, Source } from "../../../cli/plan/binding";
import type { ResourceChange } from "../../../cli/plan/plan-json";
import { change, replacement, resource } from "../plan/summary/plans";

const source: Source = {
  environment: "prod",
  account: "111111111111",
  region: "eu-west-1",
  tree: "a",
  uncommitted: [],
  locks: { "package-lock.json": "1" },
};
const binding: Binding = {
  ...source,
  stack: "prod-storage",
  planned: "2026-12-01T00:00:00.000Z",
  synthesis: { "cdk.tf.json": "2" },
  terraform: "1.11.4",
  plan: "3",
  errored: false,
  reads: {},
};
const present: Present = {
  source,
  synthesis: binding.synthesis,
  plan: "3",
  now: new Date("2026-12-01T20:00:00.000Z"),
};
const permit: Permit = { allowDestroy: [], deletionGuard: false, maxAgeHours: 24 };

interface Case {
  readonly binding?: Partial<Binding>;
  readonly present?: Partial<Present>;
  readonly permit?: Partial<Permit>;
  readonly lost?: readonly ResourceChange[];
}

const queue = resource("aws_sqs_queue.events", change({}, null));
const bucket = resource("aws_s3_bucket.raw", replacement({ bucket: "a" }, { bucket: "b" }, "bucket"));

describe("a reviewed plan", () => {
  const refused = (of: Case) => [
    ...refusalsOf({ ...binding, ...of.binding }, { ...present, ...of.present }, { ...permit, ...of.permit }),
    ...lossesOf(
      binding.stack,
      { terraform_version: "1.11.4", resource_changes: of.lost ?? [] },
      { ...permit, ...of.permit },
    ),
  ];

  test.each<[string, Case, string]>([
    [
      "another tree",
      { present: { source: { ...source, tree: "b" } } },
      "Git's tree is b, and was a when it was planned",
    ],
    [
      "no tree",
      { binding: { tree: undefined as never }, present: { source: { ...source, tree: undefined as never } } },
      "it was planned outside of a Git repository",
    ],
    ["files in no commit", { binding: { uncommitted: ["x.ts"] } }, "x.ts is in no commit"],
    [
      "another account",
      { present: { source: { ...source, account: "2" } } },
      "account is 2, and was 111111111111 when it was planned",
    ],
    [
      "another region",
      { present: { source: { ...source, region: "x" } } },
      "region is x, and was eu-west-1 when it was planned",
    ],
    [
      "another environment",
      { present: { source: { ...source, environment: "dev" } } },
      "environment is dev, and was prod when it was planned",
    ],
    [
      "another lock file",
      { present: { source: { ...source, locks: { "package-lock.json": "9" } } } },
      "package-lock.json is another than when it was planned",
    ],
    [
      "another synthesis",
      { present: { synthesis: { "cdk.tf.json": "9" } } },
      "cdk.tf.json is synthesized otherwise than when it was planned",
    ],
    ["an altered plan", { present: { plan: "9" } }, "the plan file was altered"],
    ["a plan that failed", { binding: { errored: true } }, "Terraform refused the plan when it was made"],
    [
      "an old plan",
      { present: { now: new Date("2026-12-02T01:00:00.000Z") } },
      "it is 25 hours old, more than 24: plan again",
    ],
    [
      "a loss",
      { lost: [queue] },
      "aws_sqs_queue.events would be destroyed, with what it holds: repeat with --allow-destroy 'aws_sqs_queue.events' to give it up",
    ],
    [
      "a loss beside one that is allowed",
      { lost: [queue, bucket], permit: { allowDestroy: [queue.address] } },
      "aws_s3_bucket.raw would be replaced, with what it holds: repeat with --allow-destroy 'aws_s3_bucket.raw' to give it up",
    ],
    [
      "a loss by another id of a construct",
      {
        lost: [
          resource("aws_sqs_queue.old", change({ name: "q" }, null)),
          resource("aws_sqs_queue.new", change(null, { name: "q" })),
        ],
      },
      "aws_sqs_queue.old would be destroyed, with what it holds (it is aws_sqs_queue.new now, for the id of a construct changed: keep it by moveFromId(\"aws_sqs_queue.old\") on the new resource): repeat with --allow-destroy 'aws_sqs_queue.old' to give it up",
    ],
    [
      "an allowed loss under the environment's guard",
      { lost: [queue], permit: { allowDestroy: [queue.address], deletionGuard: true } },
      "aws_sqs_queue.events would be destroyed, with what it holds, and the environment's deletionGuard is on",
    ],
  ])("is refused for %s", (_, of, reason) => {
    expect(refused(of)).toEqual([`prod-storage: ${reason}`]);
  });

  test("is applied otherwise, with losses that are allowed", () => {
    expect(refused({ lost: [queue], permit: { allowDestroy: [queue.address] } })).toEqual([]);
  });
});
