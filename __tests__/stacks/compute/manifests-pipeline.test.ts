import { describe, expect, test } from "@jest/globals";
import { VISIBILITY_SECONDS } from "../../../constructs/queue-with-dead-letters";
import { environmentNames, loadEnvironments } from "../../../environments/schema";
import { quarantineFolder } from "../../../runtime/manifests/quarantine-folder";
import { JOB_STATEMENTS, resource, resourcesOf, statement, statementsOf } from "../../support/resources";
import { stacksOf } from "../../support/stacks";

const stacks = stacksOf("local", "prod");
const prod = stacks.get("prod-compute");

/** Beginning of the ids of a function or job; the control plane belongs to no pipeline. */
function scoped(name: string): string {
  return name === "control-plane" ? name : `manifests_${name}`;
}

function variablesOf(name: string): Record<string, string> {
  const { environment } = resource(prod, "aws_lambda_function", scoped(name)) as {
    environment: { variables: Record<string, string> };
  };
  return environment.variables;
}

function policyOf(role: string): unknown {
  return resource(prod, "aws_iam_role_policy", `${scoped(role)}_role`)["policy"];
}

describe("the functions", () => {
  test.each([
    ["manifests-builder", 512, 180],
    ["control-plane", 256, 60],
    ["manifests-reconciler", 512, 900],
  ])("%s has %i MB and %i s on arm64", (name, memory, timeout) => {
    expect(resource(prod, "aws_lambda_function", scoped(name))).toMatchObject({
      function_name: `tributary-prod-${name}`,
      runtime: "nodejs22.x",
      architectures: ["arm64"],
      memory_size: memory,
      timeout,
    });
  });

  test("give up a claim only when the function that made it is gone", () => {
    const { timeout } = resource(prod, "aws_lambda_function", "manifests_manifests-builder");
    expect(Number(variablesOf("manifests-builder")["CLAIM_SECONDS"])).toBe(Number(timeout) + 60);
  });

  test("share shards and tables", () => {
    const names = ["manifests-builder", "control-plane", "manifests-reconciler"];
    const shared = names.map((name) => {
      const { TRACKING_TABLE, TRACKING_SHARDS } = variablesOf(name);
      return { TRACKING_TABLE, TRACKING_SHARDS };
    });
    expect(new Set(shared.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(shared[0]).toEqual({ TRACKING_TABLE: expect.any(String), TRACKING_SHARDS: "16" });
  });
});

describe("the delivery of inputs", () => {
  const mapping = resource(prod, "aws_lambda_event_source_mapping", "manifests_");

  test("gathers as the environment says and takes back what failed alone", () => {
    expect(mapping).toMatchObject({
      event_source_arn: expect.stringContaining("aws_sqs_queue.manifests_inputs_queue"),
      batch_size: 280,
      maximum_batching_window_in_seconds: 30,
      scaling_config: { maximum_concurrency: 10 },
      function_response_types: ["ReportBatchItemFailures"],
      enabled: true,
    });
  });

  test("is left to local/ where the emulator knows no window", () => {
    const local = resource(stacks.get("local-compute"), "aws_lambda_event_source_mapping", "manifests_");
    expect(local).toMatchObject({ enabled: false, function_response_types: ["ReportBatchItemFailures"] });
  });

  test.each(environmentNames())("hides messages in %s for as long as gathering and building take", (name) => {
    const [environment] = loadEnvironments([name]);
    const { timeout } = resource(prod, "aws_lambda_function", "manifests_manifests-builder");
    const window = environment?.manifests.eventSource.windowSeconds ?? 0;
    expect(VISIBILITY_SECONDS).toBeGreaterThanOrEqual(window + 3 * Number(timeout));
  });
});

describe("the announcement of manifests", () => {
  test("tells the manifest queue of every manifest, and of no receipt", () => {
    expect(resource(prod, "aws_s3_bucket_notification", "manifests_manifests-written")["queue"]).toEqual([
      expect.objectContaining({
        queue_arn: expect.stringContaining("aws_sqs_queue.manifests_ready_queue"),
        events: ["s3:ObjectCreated:*"],
        filter_prefix: "manifests/",
      }),
    ]);
  });

  test.each([
    ["manifests-inputs", "raw"],
    ["manifests-ready", "manifests"],
  ])("and of uploads come to the queue %s from the bucket %s alone", (queue, bucket) => {
    const policy = resource(prod, "aws_sqs_queue", `manifests_${queue.replace("manifests-", "")}_queue`)[
      "policy"
    ];
    expect(statement(policy, "BucketSends").Condition).toMatchObject({
      ArnEquals: { "aws:SourceArn": `arn:aws:s3:::tributary-prod-${bucket}-333333333333` },
    });
  });
});

describe("the control plane", () => {
  const patternOf = (id: string) =>
    JSON.parse(String(resource(prod, "aws_cloudwatch_event_rule", `manifests_${id}`)["event_pattern"]));

  test("is told of every end of a run of the streaming job, Glue's own maintenance included", () => {
    expect(patternOf("stream-ended")).toEqual({
      source: ["aws.glue"],
      "detail-type": ["Glue Job State Change"],
      detail: {
        jobName: ["tributary-prod-manifests-stream"],
        state: ["SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED", "ERROR", "EXPIRED"],
      },
    });
  });

  test("is told of processed manifests of its own environment", () => {
    expect(patternOf("manifests-processed")).toEqual({
      source: ["tributary.prod"],
      "detail-type": ["ManifestProcessed"],
    });
  });

  test.each(["stream-ended", "manifests-processed"])("lets the rule %s in, and no other", (id) => {
    expect(resource(prod, "aws_lambda_permission", `manifests_${id}`)).toMatchObject({
      principal: "events.amazonaws.com",
      source_arn: expect.stringContaining(`aws_cloudwatch_event_rule.manifests_${id}`),
    });
  });

  test("ticks every minute", () => {
    const { target, ...schedule } = resource(prod, "aws_scheduler_schedule", "manifests_control-plane");
    expect(schedule).toMatchObject({ schedule_expression: "rate(1 minute)" });
    expect(target).toMatchObject({ input: '{"kind":"tick"}' });
  });
});

test.each([
  ["local", "rate(1 minute)"],
  ["prod", "rate(15 minutes)"],
])("the reconciler runs on schedule in %s", (name, expression) => {
  const schedule = resource(
    stacks.get(`${name}-compute`),
    "aws_scheduler_schedule",
    "manifests_manifests-reconciler",
  );
  expect(schedule["schedule_expression"]).toBe(expression);
});

describe("the streaming job", () => {
  const job = resource(prod, "aws_glue_job", "manifests_stream");

  test("runs once at a time for as long as Glue lets it, sized by the environment", () => {
    expect(job).toMatchObject({
      name: "tributary-prod-manifests-stream",
      command: { name: "gluestreaming" },
      execution_property: { max_concurrent_runs: 1 },
      max_retries: 0,
      timeout: 10_079,
      maintenance_window: "Sun:3",
      worker_type: "G.1X",
      number_of_workers: 3,
    });
  });

  test("runs the package and wheels of the uploads job", () => {
    const csv = resource(prod, "aws_glue_job", "uploads-job");
    const shared = ["--extra-py-files", "--additional-python-modules"] as const;
    const argumentsOf = (each: Readonly<Record<string, unknown>>) =>
      each["non_overridable_arguments"] as Record<string, string>;
    for (const name of shared) expect(argumentsOf(job)[name]).toBe(argumentsOf(csv)[name]);
    const keys = resourcesOf(prod, "aws_s3_object").map(([, object]) => object["key"]);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("hears of messages as long as the queue hides them", () => {
    const { visibility_timeout_seconds } = resource(prod, "aws_sqs_queue", "manifests_ready_queue");
    expect(job["non_overridable_arguments"]).toMatchObject({
      "--visibility_seconds": String(visibility_timeout_seconds),
      "--event_source": "tributary.prod",
      "--engine": "spark",
    });
  });
});

describe("the permissions", () => {
  const OWN = ["WriteOwnLogs", "KeepFailedEvents", "UseMessageKey"];

  function furtherOf(role: string, own: readonly string[]): Record<string, readonly string[]> {
    const further = statementsOf(policyOf(role)).slice(own.length);
    return Object.fromEntries(further.map(({ Sid, Action }) => [Sid, Action]));
  }

  test("of the builder are those that its code needs", () => {
    expect(furtherOf("manifests-builder", OWN)).toEqual({
      TakeInputs: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
      UseTracking: [
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:ConditionCheckItem",
      ],
      ReadInputs: ["s3:GetObject", "s3:GetObjectVersion"],
      ReadRawKey: ["s3:GetEncryptionConfiguration"],
      CommitManifests: ["s3:GetObject", "s3:PutObject"],
      TellMissingFromForbidden: ["s3:ListBucket", "s3:ListBucketVersions"],
      QuarantineFiles: ["s3:PutObject", "s3:AbortMultipartUpload"],
      WriteAudit: ["s3:PutObject"],
      UseDataKey: ["kms:Decrypt", "kms:GenerateDataKey"],
    });
  });

  test("of the control plane are those that its code needs", () => {
    expect(furtherOf("control-plane", OWN)).toEqual({
      UseTracking: ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"],
      QueryOpen: ["dynamodb:Query"],
      UseMetrics: ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query"],
      UseControl: ["dynamodb:GetItem", "dynamodb:UpdateItem"],
      RunJob: ["glue:GetJob", "glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns"],
      FindViews: ["glue:GetTable"],
      AddColumns: ["glue:GetTable", "glue:UpdateTable"],
      ReadManifestsAndReceipts: ["s3:GetObject"],
      TellMissingFromForbidden: ["s3:ListBucket"],
      PutEvents: ["events:PutEvents"],
      UseDataKey: ["kms:Decrypt"],
    });
  });

  test("of the reconciler are those that its code needs", () => {
    expect(furtherOf("manifests-reconciler", OWN)).toEqual({
      ListInputs: ["s3:ListBucketVersions"],
      UseTracking: ["dynamodb:GetItem", "dynamodb:Query"],
      QueryOpen: ["dynamodb:Query"],
      ReadDesired: ["dynamodb:GetItem"],
      KeepCursors: ["dynamodb:GetItem", "dynamodb:PutItem"],
      SendAgain: ["sqs:SendMessage", "sqs:GetQueueAttributes"],
      ReadManifestsAndReceipts: ["s3:GetObject"],
      FindOutputs: ["s3:GetObject"],
      TellMissingFromForbidden: ["s3:ListBucket"],
      InvokeControlPlane: ["lambda:InvokeFunction"],
      UseDataKey: ["kms:Decrypt"],
    });
  });

  test("of the job are those that its code needs", () => {
    expect(furtherOf("stream", JOB_STATEMENTS)).toEqual({
      TakeManifests: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"],
      ReadInputs: ["s3:GetObject", "s3:GetObjectVersion"],
      ReadRawKey: ["s3:GetEncryptionConfiguration"],
      ReadManifests: ["s3:GetObject"],
      WriteReceipts: ["s3:GetObject", "s3:PutObject"],
      PublishTables: ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
      KeepDeadLetters: ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
      QuarantineFiles: ["s3:PutObject", "s3:AbortMultipartUpload"],
      TellMissingFromForbidden: ["s3:ListBucket", "s3:ListBucketVersions"],
      ReadControl: ["dynamodb:GetItem"],
      AdmitColumns: ["dynamodb:GetItem", "dynamodb:UpdateItem"],
      WriteAudit: ["s3:PutObject"],
      KnowWithdrawals: ["s3:GetObject"],
      PutProcessed: ["events:PutEvents"],
      UseDataKey: ["kms:Decrypt", "kms:GenerateDataKey"],
      UseMessageKey: ["kms:Decrypt"],
    });
  });

  test.each([
    ["stream", "AdmitColumns", "StringEquals", ["columns#clicks", "columns#smoke_manifests"]],
    ["stream", "ReadControl", "StringEquals", ["streaming-job"]],
    ["manifests-reconciler", "ReadDesired", "StringEquals", ["streaming-job"]],
    ["manifests-reconciler", "KeepCursors", "StringLike", ["cursor#*"]],
    [
      "control-plane",
      "UseControl",
      "StringEquals",
      ["streaming-job", "columns#ml_events", "columns#clicks", "columns#smoke_manifests"],
    ],
  ])("let %s (%s) reach no item of the control table but its own", (role, sid, operator, items) => {
    expect(statement(policyOf(role), sid).Condition).toEqual({
      [`ForAllValues:${operator}`]: { "dynamodb:LeadingKeys": items },
    });
  });

  test("let nobody change an input or delete an object", () => {
    for (const role of ["manifests-builder", "control-plane", "manifests-reconciler", "stream"]) {
      const statements = statementsOf(policyOf(role));
      expect(statements.flatMap(({ Action }) => Action)).not.toContain("s3:DeleteObject");
      const written = statements.filter(({ Action }) => Action.includes("s3:PutObject"));
      expect(JSON.stringify(written.map(({ Resource }) => Resource))).not.toContain("raw");
    }
  });

  test("let the job write no manifest and the builder no receipt", () => {
    expect(statement(policyOf("stream"), "WriteReceipts").Resource).toEqual([
      expect.stringMatching(/\/receipts\/\*$/),
    ]);
    expect(statement(policyOf("manifests-builder"), "CommitManifests").Resource).toEqual([
      expect.stringMatching(/\/manifests\/\*$/),
    ]);
  });

  test("let each write outputs of text datasets, and quarantine by date, only", () => {
    const { curated, quarantine } = { curated: /curated.*/.source, quarantine: /quarantine.*/.source };
    const places = (role: string, sid: string) => statement(policyOf(role), sid).Resource;
    const undated = quarantineFolder(undefined, { key: "input/a.ndjson", version: "1" });
    const ofManifestsDatasets = (place: string) =>
      ["clicks", "smoke_manifests"].map((name) => expect.stringMatching(new RegExp(`${place}/${name}/\\*$`)));
    expect(places("stream", "PublishTables")).toEqual(ofManifestsDatasets(`${curated}/tables`));
    expect(places("stream", "KeepDeadLetters")).toEqual(ofManifestsDatasets(`${quarantine}/dead-letters`));
    for (const role of ["stream", "manifests-builder"]) {
      expect(places(role, "QuarantineFiles")).toEqual([
        expect.stringMatching(/\/quarantine\/\?{4}-\?\?-\?\?\/\*$/),
        expect.stringContaining(`/${undated.split("/").slice(0, 2).join("/")}/*`),
      ]);
    }
  });

  test("let columns be added to tables and views that grow by themselves only", () => {
    const catalog = "arn:aws:glue:us-east-1:333333333333";
    expect(statement(policyOf("control-plane"), "AddColumns").Resource).toEqual([
      `${catalog}:catalog`,
      `${catalog}:database/tributary_prod`,
      `${catalog}:table/tributary_prod/ml_events`,
      `${catalog}:table/tributary_prod/clicks`,
      `${catalog}:table/tributary_prod/smoke_manifests`,
      `${catalog}:table/tributary_prod/clicks_latest`,
      `${catalog}:table/tributary_prod/smoke_manifests_latest`,
    ]);
  });

  test.each([
    ["control-plane", "PutEvents", ["Tributary Alert", "SchemaDrift", "ManifestProcessed"]],
    ["stream", "PutProcessed", ["ManifestProcessed"]],
  ])("let %s put its own events under the environment's own source only", (role, sid, types) => {
    expect(statement(policyOf(role), sid).Condition).toEqual({
      StringEquals: { "events:source": "tributary.prod", "events:detail-type": types },
    });
  });

  test("let the control plane run this job only", () => {
    expect(statement(policyOf("control-plane"), "RunJob").Resource).toEqual([
      "arn:aws:glue:us-east-1:333333333333:job/tributary-prod-manifests-stream",
    ]);
  });
});
