import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { VISIBILITY_SECONDS } from "../../../constructs/queue-with-dead-letters";
import {
  loadEnvironment,
  MALFORMED_PREFIX,
  PROCESSED_TAG,
  processedPrefix,
  STAGING_PREFIX,
} from "../../../environments/schema";
import { ROOT } from "../../../setup/paths";
import { ensurePython } from "../../../setup/python";
import { JOB_STATEMENTS, resource, resourcesOf, statement, statementsOf } from "../../support/resources";
import { type StackJson, stacksOf } from "../../support/stacks";
import { synthesize } from "../../support/synthesize";

const stacks = stacksOf("local", "dev", "prod");
const prod = stacks.get("prod-compute");
const GLUE = join(ROOT, "glue");

function jobOf(id: string, stack: StackJson | undefined = prod) {
  const job = resource(stack, "aws_glue_job", `ledger_${id}`);
  const [ofCaller, fixed] = ["default_arguments", "non_overridable_arguments"].map((name) => job[name]);
  return {
    ...job,
    default_arguments: ofCaller,
    arguments: Object.assign({}, ofCaller, fixed) as Record<string, string>,
  };
}

function policyOf(role: string, stack: StackJson | undefined = prod): unknown {
  return resource(stack, "aws_iam_role_policy", `ledger_${role}_role`)["policy"];
}

describe("the jobs", () => {
  test.each([
    ["lister", "--recent_weeks"],
    ["batch", "--budget_minutes"],
  ])("%s lets who starts it set %s, and nothing else", (id, name) => {
    expect(Object.keys(jobOf(id)["default_arguments"] as object)).toEqual([name]);
  });

  test("the lister has the least that Glue gives, and one run at a time", () => {
    expect(jobOf("lister")).toMatchObject({
      name: "tributary-prod-ledger-lister",
      command: { name: "glueetl" },
      worker_type: "G.1X",
      number_of_workers: 2,
      execution_property: { max_concurrent_runs: 1 },
      timeout: 240,
      max_retries: 0,
    });
  });

  test("the batch job is sized by the environment, and runs as often at once as that says", () => {
    expect(jobOf("batch")).toMatchObject({
      name: "tributary-prod-ledger-batch",
      worker_type: "G.1X",
      number_of_workers: 9,
      execution_property: { max_concurrent_runs: 2 },
      timeout: 120,
      max_retries: 0,
    });
    expect(jobOf("batch").arguments).toMatchObject({
      "--enable-auto-scaling": "true",
      "--slots": "32",
      "--batch_files": "10000",
      "--engine": "spark",
      "--archive": "move",
      "--first_year": "2021",
      "--last_year": "2030",
      "--event_source": "tributary.prod",
    });
  });

  test("run in a private subnet of any zone, by one connection each", () => {
    const names = ["a", "b", "c"].map((zone) => `tributary-prod-private-${zone}`);
    const connections = resourcesOf(prod, "aws_glue_connection").map(([, each]) => each);
    expect(connections.map(({ name }) => name)).toEqual(names);
    for (const connection of connections) {
      expect(connection).toMatchObject({
        connection_type: "NETWORK",
        physical_connection_requirements: {
          subnet_id: expect.stringContaining("private-"),
          security_group_id_list: [expect.stringContaining("workloads")],
        },
      });
    }
    const standing = ["a", "b", "c"].map((zone) =>
      expect.stringMatching(new RegExp(`^\\$\\{aws_glue_connection\\.connections_${zone}_.*\\.name\\}$`)),
    );
    for (const id of ["lister", "batch"]) expect(jobOf(id)).toMatchObject({ connections: standing });
  });

  test("show no password, and one way to log in", () => {
    expect(jobOf("batch").arguments).toMatchObject({
      "--ledger_host": expect.stringContaining("remote_state"),
      "--ledger_port": "5432",
      "--ledger_authentication": "iam",
      "--ledger_secret_arn": "none",
      "--ledger_tls": "verify-full",
    });
  });

  test("run the code that the uploads job uploaded", () => {
    const csv = resource(prod, "aws_glue_job", "uploads-job")["non_overridable_arguments"] as Record<
      string,
      string
    >;
    for (const id of ["lister", "batch"]) {
      expect(jobOf(id).arguments["--extra-py-files"]).toBe(csv["--extra-py-files"]);
    }
    const keys = resourcesOf(prod, "aws_s3_object").map(([, object]) => object["key"]);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

test("permissions and lifecycles name what the batch job writes by the same prefixes and tag", async () => {
  const { python } = await ensurePython("run", () => {});
  const script =
    "import json; from tributary.batch import archiving, names as n;" +
    "print(json.dumps([n.processed_prefix('input/a/'), n.MALFORMED_PREFIX, n.STAGING_PREFIX, archiving.TAG]))";
  const output = execFileSync(python, ["-c", script], { cwd: GLUE, encoding: "utf8" });
  expect(JSON.parse(output)).toEqual([
    processedPrefix("input/a/"),
    MALFORMED_PREFIX,
    STAGING_PREFIX,
    { [PROCESSED_TAG.key]: PROCESSED_TAG.value },
  ]);
});

describe("what starts the jobs", () => {
  const triggersOf = (name: string) =>
    resourcesOf(stacks.get(`${name}-compute`), "aws_glue_trigger").map(([, each]) => each);
  const roundsOf = (name: string) =>
    resourcesOf(stacks.get(`${name}-compute`), "aws_scheduler_schedule").filter(([id]) =>
      id.startsWith("ledger_starter"),
    );

  test("is the clock in prod: the workflow of the lister each night, the batch job every quarter of an hour", () => {
    expect(
      triggersOf("prod").map(({ type, schedule, enabled, workflow_name, actions }) => [
        type,
        schedule,
        enabled ?? true,
        workflow_name !== undefined,
        actions,
      ]),
    ).toEqual([
      [
        "SCHEDULED",
        "cron(0 2 * * ? *)",
        true,
        true,
        [{ job_name: expect.stringContaining("aws_glue_job.ledger_lister") }],
      ],
    ]);
    expect(roundsOf("prod").map(([, each]) => each)).toMatchObject([
      {
        schedule_expression: "rate(15 minutes)",
        target: { arn: expect.stringContaining("aws_lambda_function.ledger_starter") },
      },
    ]);
  });

  test.each(["prod", "local"])("is, for the batch job in %s, the lister's success", (name) => {
    const stack = stacks.get(`${name}-compute`);
    const rule = resource(stack, "aws_cloudwatch_event_rule", "ledger_listed");
    expect(JSON.parse(String(rule["event_pattern"]))).toEqual({
      source: ["aws.glue"],
      "detail-type": ["Glue Job State Change"],
      detail: { jobName: [`tributary-${name}-ledger-lister`], state: ["SUCCEEDED"] },
    });
    expect(resource(stack, "aws_cloudwatch_event_target", "ledger_listed")).toMatchObject({
      arn: expect.stringContaining("aws_lambda_function.ledger_starter"),
    });
  });

  test.each(["dev", "prod", "local"])(
    "is no trigger of Glue's in %s that could find a job at its maximum of runs, which makes a failed one",
    (name) => {
      const stack = stacks.get(`${name}-compute`);
      const workflows = resourcesOf(stack, "aws_glue_workflow");
      expect(workflows.map(([, each]) => each["max_concurrent_runs"])).toEqual([1]);
      for (const { workflow_name, actions } of triggersOf(name)) {
        expect(workflow_name).toContain("aws_glue_workflow.");
        expect(actions).toEqual([{ job_name: expect.stringContaining("aws_glue_job.ledger_lister") }]);
      }
    },
  );

  test.each(["dev", "local"])("is nobody but an operator in %s", (name) => {
    expect(triggersOf(name).map(({ type, enabled }) => [type, enabled])).toEqual([["ON_DEMAND", false]]);
    expect(roundsOf(name)).toEqual([]);
  });
});

describe("the functions", () => {
  test.each([
    ["registrar", 256, 120],
    ["operator", 256, 900],
  ])("%s has %i MB and %i s, in the VPC, and no queue of its own", (id, memory, timeout) => {
    expect(resource(prod, "aws_lambda_function", `ledger_${id}`)).toMatchObject({
      function_name: `tributary-prod-ledger-${id}`,
      memory_size: memory,
      timeout,
      vpc_config: { security_group_ids: [expect.stringContaining("workloads")] },
    });
    expect(resourcesOf(prod, "aws_sqs_queue").filter(([name]) => name.startsWith(`ledger_${id}`))).toEqual(
      [],
    );
  });

  test("the registrar is given what the queue gathers, and gives back what failed alone", () => {
    const mapping = resource(prod, "aws_lambda_event_source_mapping", "ledger_");
    expect(mapping).toMatchObject({
      event_source_arn: expect.stringContaining("aws_sqs_queue.ledger_inputs_queue"),
      function_response_types: ["ReportBatchItemFailures"],
      scaling_config: { maximum_concurrency: 4 },
      enabled: true,
    });
    const { timeout } = resource(prod, "aws_lambda_function", "ledger_registrar");
    expect(mapping["maximum_batching_window_in_seconds"]).toBe(10);
    const longestWindow = 180;
    expect(VISIBILITY_SECONDS).toBeGreaterThanOrEqual(longestWindow + 6 * Number(timeout));
  });

  test("the registrar is delivered no more at once than is reserved for it", () => {
    const environment = loadEnvironment("prod");
    const reservedConcurrency = { ...environment.functions.reservedConcurrency, "ledger-registrar": 3 };
    const functions = { ...environment.functions, reservedConcurrency };
    const found = synthesize([{ ...environment, functions }]);
    const mapping = resource(found.get("prod-compute"), "aws_lambda_event_source_mapping", "ledger_");
    expect(mapping).toMatchObject({ scaling_config: { maximum_concurrency: 3 } });
  });

  test("the registrar's queue is the raw bucket's, and puts aside what failed three times", () => {
    const queue = resource(prod, "aws_sqs_queue", "ledger_inputs_queue");
    expect(statement(queue["policy"], "BucketSends").Condition).toMatchObject({
      ArnEquals: { "aws:SourceArn": "arn:aws:s3:::tributary-prod-raw-333333333333" },
    });
    expect(queue["redrive_policy"]).toContain("dead-letters-ledger-inputs");
  });

  test("the operator measures every five minutes", () => {
    const { target, ...schedule } = resource(prod, "aws_scheduler_schedule", "ledger_operator");
    expect(schedule).toMatchObject({ schedule_expression: "rate(5 minutes)" });
    expect(target).toMatchObject({ input: '{"command":"measure"}' });
  });

  test("the control plane is told of published batches of its own environment", () => {
    const rule = resource(prod, "aws_cloudwatch_event_rule", "ledger_batches-published");
    expect(JSON.parse(String(rule["event_pattern"]))).toEqual({
      source: ["tributary.prod"],
      "detail-type": ["LedgerBatchPublished"],
      detail: { dataset: [{ "anything-but": ["smoke_ledger"] }] },
    });
    expect(resource(prod, "aws_lambda_permission", "ledger_batches-published")).toMatchObject({
      principal: "events.amazonaws.com",
      source_arn: expect.stringContaining("aws_cloudwatch_event_rule.ledger_batches-published"),
    });
  });
});

describe("the permissions", () => {
  const OF_FUNCTIONS = [
    "WriteOwnLogs",
    "MakeOwnNetworkInterfaces",
    "FindNetworkInterfaces",
    "DenyInterfacesToCode",
  ];

  function furtherOf(role: string, own: readonly string[], stack = prod): Record<string, readonly string[]> {
    const further = statementsOf(policyOf(role, stack)).filter(({ Sid }) => !own.includes(Sid));
    return Object.fromEntries(further.map(({ Sid, Action }) => [Sid, Action]));
  }

  test("of the lister are to list and to register", () => {
    expect(furtherOf("lister", JOB_STATEMENTS)).toEqual({
      ConnectToLedger: ["rds-db:connect"],
      ListInputs: ["s3:ListBucketVersions"],
    });
  });

  test("of the batch job are those that its code needs", () => {
    expect(furtherOf("batch", JOB_STATEMENTS)).toEqual({
      ConnectToLedger: ["rds-db:connect"],
      ReadInputs: ["s3:GetObject", "s3:GetObjectVersion"],
      ReadProcessed: ["s3:GetObject", "s3:GetObjectVersion"],
      ReadRawKey: ["s3:GetEncryptionConfiguration"],
      KeepProcessed: ["s3:PutObject", "s3:AbortMultipartUpload"],
      RemoveProcessed: ["s3:DeleteObjectVersion"],
      StageOutputs: ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
      PublishOutputs: ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject"],
      QuarantineFiles: ["s3:PutObject", "s3:AbortMultipartUpload"],
      TellMissingFromForbidden: ["s3:ListBucket", "s3:ListBucketVersions"],
      AdmitColumns: ["dynamodb:GetItem", "dynamodb:UpdateItem"],
      WriteAudit: ["s3:PutObject"],
      KnowWithdrawals: ["s3:GetObject"],
      PutPublished: ["events:PutEvents"],
      UseDataKey: ["kms:Decrypt", "kms:GenerateDataKey"],
    });
  });

  test("let the batch job speak for itself alone", () => {
    expect(statement(policyOf("batch"), "PutPublished").Condition).toEqual({
      StringEquals: { "events:source": "tributary.prod", "events:detail-type": ["LedgerBatchPublished"] },
    });
  });

  test("of the batch job reach of the control table the columns of its datasets alone", () => {
    const { Condition } = statement(policyOf("batch"), "AdmitColumns");
    expect(Condition).toEqual({
      "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["columns#ml_events", "columns#smoke_ledger"] },
    });
  });

  test("of the functions are to take announcements, and to connect", () => {
    expect(furtherOf("registrar", OF_FUNCTIONS)).toEqual({
      ConnectToLedger: ["rds-db:connect"],
      TakeInputs: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
      UseMessageKey: ["kms:Decrypt"],
    });
    expect(furtherOf("operator", OF_FUNCTIONS)).toEqual({ ConnectToLedger: ["rds-db:connect"] });
  });

  test.each(["lister", "registrar", "batch", "operator"])(
    "let %s connect under its own login only",
    (role) => {
      expect(statement(policyOf(role), "ConnectToLedger").Resource).toEqual([
        expect.stringMatching(new RegExp(`:dbuser:\\$\\{.*\\}/tributary_${role}$`)),
      ]);
    },
  );

  test("let the batch job remove processed inputs alone, and outputs of its own table and batches", () => {
    const policy = policyOf("batch");
    expect(statement(policy, "RemoveProcessed").Resource).toEqual([
      expect.stringMatching(/\/raw-json-data\/\*$/),
    ]);
    expect(statement(policy, "PublishOutputs").Resource).toEqual([
      expect.stringMatching(/\/tables\/ml_events\/\*$/),
      expect.stringMatching(/\/tables\/smoke_ledger\/\*$/),
      expect.stringMatching(/\/error-data-lake\/json_malformed_records\/\*$/),
    ]);
    expect(statement(policy, "QuarantineFiles").Resource).toEqual([
      expect.stringMatching(/\/quarantine\/ml_events\/\*$/),
      expect.stringMatching(/\/quarantine\/smoke_ledger\/\*$/),
    ]);
  });

  test("let it tag, and neither copy nor delete, where processed files stay", () => {
    const environment = loadEnvironment("prod");
    const batch = { ...environment.ledger.batch, archive: "tag" as const };
    const found = synthesize([{ ...environment, ledger: { ...environment.ledger, batch } }]);
    const actions = furtherOf("batch", JOB_STATEMENTS, found.get("prod-compute"));
    expect(actions["TagProcessed"]).toEqual(["s3:PutObjectVersionTagging"]);
    expect(statement(policyOf("batch", found.get("prod-compute")), "TagProcessed").Condition).toEqual({
      StringEquals: { "s3:RequestObjectTag/tributary": "processed" },
      "ForAllValues:StringEquals": { "s3:RequestObjectTagKeys": ["tributary"] },
    });
    expect(actions).not.toHaveProperty("KeepProcessed");
    expect(Object.values(actions).flat()).not.toContain("s3:DeleteObjectVersion");
  });

  test("let no code of a function touch network interfaces, which Lambda makes with its role", () => {
    expect(statement(policyOf("operator"), "DenyInterfacesToCode")).toMatchObject({
      Effect: "Deny",
      Condition: {
        ArnEquals: {
          "lambda:SourceFunctionArn":
            "arn:aws:lambda:us-east-1:333333333333:function:tributary-prod-ledger-operator",
        },
      },
    });
  });

  test("let Glue make interfaces in the connections' subnets and group only", () => {
    const { Resource } = statement(policyOf("batch"), "MakeNetworkInterfaces");
    expect(Resource).toHaveLength(5);
    expect(statement(policyOf("batch"), "ReadConnections").Resource).toHaveLength(4);
  });

  test("let Glue tag and remove interfaces in these subnets only, and no code of a job any", () => {
    const policy = policyOf("batch");
    for (const sid of ["TagNetworkInterfaces", "RemoveNetworkInterfaces"]) {
      expect(statement(policy, sid).Condition?.["ArnEquals"]).toEqual({
        "ec2:Subnet": ["a", "b", "c"].map((zone) => expect.stringContaining(`private-${zone}arn`)),
      });
    }
    const denied = statement(policy, "DenyInterfacesToCode");
    expect(denied).toMatchObject({
      Effect: "Deny",
      Condition: { StringEquals: { "glue:CredentialIssuingService": "glue.amazonaws.com" } },
    });
    const made = statementsOf(policy).filter(({ Effect }) => Effect === "Allow");
    const changing = made.flatMap(({ Action }) => Action).filter((each) => /^ec2:(?!Describe)/.test(each));
    expect([...denied.Action].sort()).toEqual(changing.sort());
  });
});
