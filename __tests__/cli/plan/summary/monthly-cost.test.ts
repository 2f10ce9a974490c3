import { describe, expect, test } from "@jest/globals";
import type { ResourceChange } from "../../../../cli/plan/plan-json";
import { change, planOf, replacement, resource, rowsOf, textOf } from "./plans";

const SERVER = {
  instance_class: "db.t4g.micro",
  multi_az: false,
  allocated_storage: 20,
  storage_type: "gp3",
  backup_retention_period: 7,
};
const STREAM = { command: [{ name: "gluestreaming" }], worker_type: "G.1X", number_of_workers: 2 };
const ENDPOINT = { vpc_endpoint_type: "Interface", subnet_ids: ["a", "b"] };
const BUILDER = {
  function_name: "tributary-dev-manifests-builder",
  memory_size: 512,
  architectures: ["arm64"],
};

function costs(...resources: readonly ResourceChange[]): string[][] {
  return rowsOf(textOf(planOf(resources)), "Monthly cost").map((row) => row.slice(1));
}

function heading(text: string): string {
  return /^### (Monthly cost.*)$/m.exec(text)?.[1] ?? "";
}

const rule = (id: string, days: number) => ({
  id,
  expiration: [{ days }],
  transition: [{ days: 0, storage_class: "INTELLIGENT_TIERING" }],
});
const keeping = (days: number) => ({
  bucket: "tributary-dev-raw-111111111111",
  rule: [
    rule("inputs-clicks", days),
    rule("processed", 30),
    { id: "whole-bucket", expiration: [{ days: 0, expired_object_delete_marker: true }], transition: [] },
  ],
});

describe("the monthly cost of a plan", () => {
  test.each<[string, ResourceChange, string[]]>([
    [
      "a server's class and standby",
      resource("aws_db_instance.x", change(SERVER, { ...SERVER, multi_az: true })),
      // 11.68 + 2.30 + 0.19 + 0.40, and 11.68 + 2.30 more
      ["14.57", "28.55", "+13.98"],
    ],
    [
      "a server's storage",
      resource("aws_db_instance.x", change(SERVER, { ...SERVER, allocated_storage: 120 })),
      // 100 GB more, and 10 GB more of backups beyond it
      ["14.57", "27.02", "+12.45"],
    ],
    ["a gateway that goes", resource("aws_nat_gateway.x", change({}, null)), ["32.85", "0.00", "−32.85"]],
    ["an address", resource("aws_eip.x", change(null, {})), ["0.00", "3.65", "+3.65"]],
    [
      "an endpoint by its zones",
      resource("aws_vpc_endpoint.x", change(null, ENDPOINT)),
      ["0.00", "14.60", "+14.60"],
    ],
    [
      "an endpoint in subnets that are not there yet by the environment's zones",
      resource(
        "aws_vpc_endpoint.x",
        change(null, { vpc_endpoint_type: "Interface" }, { after_unknown: { subnet_ids: true } }),
      ),
      ["0.00", "14.60", "+14.60"],
    ],
    [
      "the streaming job's workers",
      resource("aws_glue_job.x", change(STREAM, { ...STREAM, number_of_workers: 3 })),
      ["642.40", "963.60", "+321.20"],
    ],
    [
      "a function's memory by the calls that the environment expects",
      resource("aws_lambda_function.x", change(BUILDER, { ...BUILDER, memory_size: 2560 })),
      // 17,000 calls of a second
      ["0.12", "0.57", "+0.45"],
    ],
    [
      "how long input is kept by what the environment expects to come",
      resource("aws_s3_bucket_lifecycle_configuration.raw", change(keeping(30), keeping(3))),
      // of 61.2 and of 6.1 GB × 0.931 × 30 ÷ 30.4 × 0.023, and 17,170 moves; the ledger's for 30 days
      ["1.47", "0.30", "−1.16"],
    ],
    [
      "a replacement by what changes",
      resource("aws_glue_job.x", replacement(STREAM, { ...STREAM, worker_type: "G.2X" }, "name")),
      ["642.40", "1,284.80", "+642.40"],
    ],
  ])("tells %s", (_, of, expected) => {
    expect(costs(of).map((row) => row.slice(1, 4))).toEqual([expected]);
  });

  test("has the arithmetic of both sides, and the sum in its heading", () => {
    const text = textOf(
      planOf([
        resource("aws_glue_job.x", change(STREAM, { ...STREAM, number_of_workers: 3 })),
        resource("aws_kms_key.one", change(null, {})),
        resource("aws_kms_key.two", change(null, {})),
      ]),
    );
    expect(heading(text)).toMatch(
      /^Monthly cost: \+323\.20 USD \(list prices of us-east-1 of \d{4}-\d\d-\d\d or later, /,
    );
    expect(rowsOf(text, "Monthly cost")).toEqual([
      ["`dev-storage`", "**together**", "", "", "**+323.20**", ""],
      [
        "`dev-storage`",
        "`aws_glue_job.x`",
        "642.40",
        "963.60",
        "+321.20",
        "`2 workers G.1X = 2 DPU × 730 h × 0.44 → 3 workers G.1X = 3 DPU × 730 h × 0.44`",
      ],
      ["`dev-storage`", "`aws_kms_key` × 2", "0.00", "2.00", "+2.00", "`1 key × 1.00`"],
    ]);
  });

  test.each<[string, ResourceChange, string]>([
    ["what is paid by use", resource("aws_sqs_queue.x", change(null, {})), "paid by use"],
    [
      "a job whose runs are paid",
      resource("aws_glue_job.x", change({ number_of_workers: 2 }, { number_of_workers: 9 })),
      "paid by use",
    ],
    ["a kind that nobody priced", resource("aws_kinesis_stream.x", change(null, {})), "no price known here"],
    [
      "a class that the table lacks",
      resource("aws_db_instance.x", change(SERVER, { ...SERVER, instance_class: "db.r8g.large" })),
      "no price known here",
    ],
    [
      "a table with capacity of its own",
      resource("aws_dynamodb_table.x", change(null, { billing_mode: "PROVISIONED" })),
      "no price known here",
    ],
  ])("names %s instead of counting nothing", (_, of, why) => {
    expect(costs(of)).toEqual([[`\`${of.address}\``, "", "", "not counted", why]]);
  });

  test.each<[string, ResourceChange]>([
    ["nothing that costs changes", resource("aws_kms_key.x", change({ a: 1 }, { a: 2 }))],
    ["only what is free comes", resource("aws_iam_role.x", change(null, {}))],
    ["a queue gets tags", resource("aws_sqs_queue.x", change({ tags: {} }, { tags: { a: "b" } }))],
    [
      "a resource is forgotten and goes on",
      resource("aws_kms_key.x", change({}, null, { actions: ["forget"] })),
    ],
  ])("is left out where %s", (_, of) => {
    expect(textOf(planOf([of]))).not.toContain("Monthly cost");
  });

  test("names what has no figure in a row of each stack", () => {
    const queues = ["a", "b"].map((name) => resource(`aws_sqs_queue.${name}`, change(null, {})));
    expect(
      costs(...queues, resource("aws_s3_bucket_lifecycle_configuration.raw", change(null, keeping(3)))),
    ).toEqual([
      [
        "`aws_sqs_queue` × 2, `aws_s3_bucket_lifecycle_configuration.raw`",
        "",
        "",
        "not counted",
        "paid by use",
      ],
    ]);
  });

  test("is the last section, and says of which stacks it knows nothing", () => {
    const waiting = { ...planOf([], { stack: "dev-compute" }), json: undefined as never };
    const text = textOf(planOf([resource("aws_kms_key.x", change(null, {}))]), waiting);
    expect([...text.matchAll(/^### (\w+)/gm)].map(([, word]) => word)).toEqual(["Added", "Monthly"]);
    expect(heading(text)).toMatch(/^Monthly cost: \+1\.00 USD, without dev-compute \(/);
  });
});
