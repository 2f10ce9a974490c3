import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { loadEnvironment } from "../../../environments/schema";
import { ROOT } from "../../../setup/paths";
import { ensurePython } from "../../../setup/python";
import type { PipelineResources } from "../../../stacks/compute/pipeline-resources";
import { bringColumns } from "../../../stacks/compute/uploads/permissions";
import { resource, resourcesOf, statement, statementsOf } from "../../support/resources";
import { stacksOf } from "../../support/stacks";

const stacks = stacksOf("local", "prod");
const prod = stacks.get("prod-compute");
const GLUE = join(ROOT, "glue");

function actionsOf(role: string): string[] {
  const policy = resource(prod, "aws_iam_role_policy", role)["policy"];
  return statementsOf(policy)
    .flatMap((each) => [...each.Action])
    .sort();
}

describe("the notification of uploads", () => {
  const notification = resource(prod, "aws_s3_bucket_notification", "uploads");

  const queues = notification["queue"] as Readonly<Record<string, unknown>>[];
  const events = ["s3:ObjectCreated:*"];

  test("tells the trigger of every new object below the prefixes of its datasets, whatever the name", () => {
    const lambda_function_arn = expect.stringContaining("aws_lambda_function.uploads-trigger");
    expect(notification["lambda_function"]).toEqual([
      { id: "uploads-input-customers", events, filter_prefix: "input/customers/", lambda_function_arn },
      {
        id: "uploads-input-smoke_uploads",
        events,
        filter_prefix: "input/smoke_uploads/",
        lambda_function_arn,
      },
    ]);
  });

  test("tells the manifests pipeline of every new object below those of its own", () => {
    const queue_arn = expect.stringMatching(/aws_sqs_queue\.manifests_inputs_queue_.*\.arn/);
    expect(queues.slice(0, 2)).toEqual([
      { id: "manifests-input-clicks", events, filter_prefix: "input/clicks/", queue_arn },
      { id: "manifests-input-smoke_manifests", events, filter_prefix: "input/smoke_manifests/", queue_arn },
    ]);
  });

  test("tells the ledger of every new object below its own, those of smoke tests among them", () => {
    const queue_arn = expect.stringMatching(/aws_sqs_queue\.ledger_inputs_queue_.*\.arn/);
    expect(queues.slice(2)).toEqual([
      { id: "ledger-raw-json-data", events, filter_prefix: "raw-json-data/", queue_arn },
    ]);
  });

  test("comes after its permission, which names bucket and account", () => {
    expect(notification["depends_on"]).toEqual(["aws_lambda_permission.uploads-permission"]);
    // S3 refuses a function whose permission it does not know yet
    expect(resource(prod, "aws_lambda_permission", "uploads-permission")["provisioner"]).toEqual([
      { "local-exec": { command: "sleep 15" } },
    ]);
    expect(resource(prod, "aws_lambda_permission", "uploads")).toMatchObject({
      principal: "s3.amazonaws.com",
      source_account: "333333333333",
      source_arn: expect.stringContaining("raw"),
    });
  });

  test("is the bucket's only one", () => {
    const buckets = resourcesOf(prod, "aws_s3_bucket_notification").map(([, each]) => each["bucket"]);
    expect(new Set(buckets).size).toBe(buckets.length);
    expect(buckets).toHaveLength(2);
  });
});

describe("the end of a run", () => {
  test("reaches the function for our job and every final state", () => {
    expect(
      JSON.parse(String(resource(prod, "aws_cloudwatch_event_rule", "job-runs-ended")["event_pattern"])),
    ).toEqual({
      source: ["aws.glue"],
      "detail-type": ["Glue Job State Change"],
      detail: {
        jobName: ["tributary-prod-uploads-job"],
        state: ["SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED", "ERROR"],
      },
    });
    expect(resource(prod, "aws_lambda_permission", "job-runs-ended")).toMatchObject({
      principal: "events.amazonaws.com",
      source_arn: expect.stringContaining("aws_cloudwatch_event_rule.job-runs-ended.arn"),
    });
  });
});

describe("undeclared fields", () => {
  test("reach the control plane by the events of published uploads", () => {
    expect(
      JSON.parse(String(resource(prod, "aws_cloudwatch_event_rule", "columns-of-uploads")["event_pattern"])),
    ).toEqual({ source: ["tributary.prod"], "detail-type": ["UploadPublished"] });
    expect(
      JSON.stringify(resource(prod, "aws_cloudwatch_event_target", "columns-of-uploads-target")),
    ).toMatch(/aws_lambda_function\.control-plane/);
  });

  test("of datasets that keep them are the job's to admit and to tell, and of no others", () => {
    const policy = resource(prod, "aws_iam_role_policy", "uploads-job_role")["policy"];
    expect(statementsOf(policy).map(({ Sid }) => Sid)).not.toContain("AdmitColumns");
    const control = { arn: "arn:aws:dynamodb:us-east-1:333333333333:table/control" };
    const resources = { environment: loadEnvironment("prod"), ledger: { control } } as PipelineResources;
    expect(bringColumns(resources, [])).toEqual([]);
    expect(bringColumns(resources, [{ name: "orders" }, { name: "parts" }])).toEqual([
      {
        sid: "AdmitColumns",
        actions: ["dynamodb:GetItem", "dynamodb:UpdateItem"],
        resources: [control.arn],
        condition: {
          "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["columns#orders", "columns#parts"] },
        },
      },
      expect.objectContaining({
        sid: "PutPublished",
        condition: {
          StringEquals: { "events:source": "tributary.prod", "events:detail-type": ["UploadPublished"] },
        },
      }),
    ]);
  });
});

describe("the reconciler", () => {
  test("has time and memory of its own to list a whole bucket", () => {
    expect(resource(prod, "aws_lambda_function", "uploads-reconciler_")).toMatchObject({
      memory_size: 512,
      timeout: 300,
    });
    expect(resource(prod, "aws_lambda_function", "uploads-job-ended")).toMatchObject({ timeout: 120 });
  });

  test.each([
    ["local", "rate(1 minute)"],
    ["prod", "rate(15 minutes)"],
  ])("runs on schedule in %s", (name, expression) => {
    const schedule = resource(stacks.get(`${name}-compute`), "aws_scheduler_schedule", "uploads-reconciler");
    expect(schedule["schedule_expression"]).toBe(expression);
  });
});

describe("the permissions", () => {
  const OWN = [
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:SendMessage",
  ];

  test.each([
    [
      "uploads-trigger",
      [
        "dynamodb:DeleteItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "glue:StartJobRun",
      ],
    ],
    [
      "uploads-job-ended",
      [
        "cloudwatch:PutMetricData",
        "dynamodb:DeleteItem",
        "dynamodb:Query",
        "events:PutEvents",
        "glue:GetJobRun",
        "glue:StartJobRun",
      ],
    ],
    [
      "uploads-reconciler_role",
      [
        "cloudwatch:PutMetricData",
        "dynamodb:BatchGetItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "glue:StartJobRun",
        "s3:ListBucketVersions",
      ],
    ],
  ])("of %s are those that its code needs", (role, actions) => {
    expect(actionsOf(role)).toEqual([...OWN, ...actions].sort());
  });

  test("let the job publish and quarantine, and neither write inputs nor delete anything", () => {
    const policy = resource(prod, "aws_iam_role_policy", "uploads-job_role")["policy"];
    expect(actionsOf("uploads-job_role").filter((action) => /^s3:(Put|Delete)/.test(action))).toEqual([
      "s3:PutObject",
      "s3:PutObject",
      "s3:PutObject",
    ]);
    expect(statement(policy, "WriteAudit").Resource).toEqual([
      expect.stringMatching(/curated.*\/audit\/incoming\/uploads\/\*$/),
    ]);
    // smoke_uploads has no CSV
    expect(statement(policy, "PublishOutputs").Resource).toEqual(
      [
        "tables/customers",
        "tables/smoke_uploads",
        "stats/customers",
        "stats/smoke_uploads",
        "csv/customers",
      ].map((folder) => expect.stringMatching(new RegExp(`curated.*/${folder}/\\*$`))),
    );
    expect(statement(policy, "Quarantine").Resource).toEqual(
      ["dead-letters", "files"].flatMap((folder) =>
        ["customers", "smoke_uploads", "unknown"].map((dataset) =>
          expect.stringMatching(new RegExp(`quarantine.*/${folder}/${dataset}/\\*$`)),
        ),
      ),
    );
    expect(statement(policy, "ReadInputs").Resource).toEqual(
      ["customers", "smoke_uploads"].map((dataset) =>
        expect.stringMatching(new RegExp(`raw.*/input/${dataset}/\\*$`)),
      ),
    );
  });

  test("let the job tell a missing input from a forbidden one", () => {
    const policy = resource(prod, "aws_iam_role_policy", "uploads-job_role")["policy"];
    const listing = statement(policy, "TellMissingFromForbidden");
    expect(listing.Action).toEqual(["s3:ListBucket", "s3:ListBucketVersions"]);
    expect(JSON.stringify(listing.Resource)).toContain("raw");
    expect(listing.Condition).toBeUndefined();
  });

  test("let the job change the uploads table only as its code does", () => {
    const policy = resource(prod, "aws_iam_role_policy", "uploads-job_role")["policy"];
    expect(statement(policy, "UseUploads").Action).toEqual([
      "dynamodb:GetItem",
      "dynamodb:BatchGetItem",
      "dynamodb:Query",
      "dynamodb:UpdateItem",
    ]);
  });

  test("let alerts be put under the environment's own source only", () => {
    const policy = resource(prod, "aws_iam_role_policy", "uploads-job-ended")["policy"];
    expect(statement(policy, "PutAlerts").Condition).toEqual({
      StringEquals: { "events:source": "tributary.prod", "events:detail-type": ["Tributary Alert"] },
    });
  });
});

test("alerts carry the source that observability routes", () => {
  const rule = resource(stacks.get("prod-observability"), "aws_cloudwatch_event_rule", "alert-events");
  const { variables } = resource(prod, "aws_lambda_function", "uploads-job-ended")["environment"] as {
    variables: Record<string, string>;
  };
  expect(JSON.parse(String(rule["event_pattern"])).source).toEqual([variables["ALERT_SOURCE"]]);
});

test("metrics are published under the namespace that the alarms watch", () => {
  const namespaces = ["uploads-job-failures", "uploads-oldest-pending"].map(
    (id) => resource(stacks.get("prod-observability"), "aws_cloudwatch_metric_alarm", id)["namespace"],
  );
  const published = ["uploads-job-ended", "uploads-reconciler_"].map((id) => {
    const { variables } = resource(prod, "aws_lambda_function", id)["environment"] as {
      variables: Record<string, string>;
    };
    return variables["METRIC_NAMESPACE"];
  });
  expect(namespaces).toEqual(published);
});

describe("the job", () => {
  test("grows by itself where the environment's maximum lies above its number", () => {
    expect(resource(prod, "aws_glue_job", "uploads-job")).toMatchObject({
      number_of_workers: 20,
      non_overridable_arguments: expect.objectContaining({
        "--enable-auto-scaling": "true",
        "--engine": "spark",
      }),
    });
    const local = resource(stacks.get("local-compute"), "aws_glue_job", "uploads-job");
    expect(local["number_of_workers"]).toBe(2);
    expect(local["non_overridable_arguments"]).not.toHaveProperty("--enable-auto-scaling");
  });
});

test("what a dataset newly declares is added to its table at the deploy that brings it", () => {
  const inputs = resourcesOf(prod, "aws_lambda_invocation").map(([, { input }]) => JSON.parse(String(input)));
  expect(inputs.map(({ dataset }) => dataset)).toEqual([
    ...["clicks", "customers", "ml_events"],
    ...["smoke_ledger", "smoke_manifests", "smoke_uploads"],
  ]);
  for (const { dataset, columns } of inputs) {
    const isText = ["clicks", "smoke_manifests"].includes(dataset);
    const id = isText ? `table-${dataset}_table` : `table-${dataset}`;
    const table = resource(stacks.get("prod-storage"), "aws_glue_catalog_table", id);
    expect(columns).toEqual((table["storage_descriptor"] as { columns: object[] }).columns);
    const hasOther = columns.some(({ name }: { name: string }) => name === "_other");
    expect(hasOther).toBe(!["customers", "smoke_uploads"].includes(dataset));
  }
});

test("the function that adds declared columns, and no other, may change tables whose columns do not grow", () => {
  const policy = resource(prod, "aws_iam_role_policy", "declared-columns_role")["policy"];
  expect(statement(policy, "AddColumns")).toMatchObject({
    Action: ["glue:GetTable", "glue:UpdateTable"],
    Resource: [
      expect.stringMatching(/:catalog$/),
      expect.stringMatching(/:database\/tributary_prod$/),
      expect.stringMatching(/:table\/tributary_prod\/customers$/),
      expect.stringMatching(/:table\/tributary_prod\/ml_events$/),
      expect.stringMatching(/:table\/tributary_prod\/smoke_ledger$/),
      expect.stringMatching(/:table\/tributary_prod\/smoke_uploads$/),
      expect.stringMatching(/:table\/tributary_prod\/clicks$/),
      expect.stringMatching(/:table\/tributary_prod\/smoke_manifests$/),
      expect.stringMatching(/:table\/tributary_prod\/clicks_latest$/),
      expect.stringMatching(/:table\/tributary_prod\/smoke_manifests_latest$/),
    ],
  });
  // most have no view, which the function asks for
  expect(statement(policy, "FindViews")).toMatchObject({
    Action: ["glue:GetTable"],
    Resource: expect.arrayContaining([expect.stringMatching(/:table\/tributary_prod\/\*_latest$/)]),
  });
  const changing = resourcesOf(prod, "aws_iam_role_policy").filter(([, each]) =>
    statementsOf(each["policy"]).some(({ Resource }) =>
      Resource.some((name) => /:table\/.*\/customers$/.test(name)),
    ),
  );
  expect(changing.map(([id]) => id)).toEqual([expect.stringMatching(/^declared-columns_role/)]);
});

test("the name of the folder of files that no dataset claims is the job's", async () => {
  const { python } = await ensurePython("run", () => {});
  const script = "from tributary.uploads.names import UNKNOWN_DATASET; print(UNKNOWN_DATASET)";
  const name = execFileSync(python, ["-c", script], { cwd: GLUE, encoding: "utf8" }).trim();
  const policy = resource(prod, "aws_iam_role_policy", "uploads-job_role")["policy"];
  expect(JSON.stringify(statement(policy, "Quarantine").Resource)).toContain(`/files/${name}/*`);
});

test("compute refers to nothing of observability", () => {
  const text = JSON.stringify(prod);
  expect(text).not.toMatch(/aws_sns|observability\.tfstate/);
});
