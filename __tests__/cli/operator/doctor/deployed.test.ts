import { describe, expect, test } from "@jest/globals";
import type { Finding } from "../../../../cli/operator/doctor/check";
import { codeCheck } from "../../../../cli/operator/doctor/deployed/code";
import { deployedFunctions, wantedFunctions } from "../../../../cli/operator/doctor/deployed/functions";
import { invocationsCheck } from "../../../../cli/operator/doctor/deployed/functions-at-work";
import { eventSourcesCheck, streamCheck } from "../../../../cli/operator/doctor/deployed/intake";
import { isOwn } from "../../../../cli/operator/doctor/deployed/names";
import {
  rulesCheck,
  schedulesCheck,
  triggersCheck,
} from "../../../../cli/operator/doctor/deployed/schedules";
import {
  type Environment,
  type FunctionName,
  functionsOf,
  loadEnvironment,
} from "../../../../environments/schema";
import { type Answers, awsError, clientDouble } from "../../../handlers/support/doubles";
import { filledIn, look } from "./examined";

const NOT_DEPLOYED = {
  status: "not checked",
  message: expect.any(String),
  missing: "a deployed environment",
};

function warning(message: string, wayOut: unknown = expect.any(String)): object {
  return { status: "warning", message, wayOut };
}

function deployed(...names: readonly FunctionName[]) {
  return names.map((name) => ({ name, codeSha256: "", reserved: 0 }));
}

describe("schedules", () => {
  const listed = (...states: readonly (readonly [string, string])[]): Answers => ({
    ListSchedulesCommand: ({ NamePrefix }: { NamePrefix: string }) => {
      expect(NamePrefix).toBe("tributary-dev-");
      return { Schedules: states.map(([Name, State]) => ({ Name: `tributary-dev-${Name}`, State })) };
    },
  });

  test.each([
    ["none", listed(), NOT_DEPLOYED],
    ["all on", listed(["control-plane", "ENABLED"]), { status: "ok", message: "1 enabled" }],
    [
      "one off",
      listed(["control-plane", "ENABLED"], ["manifests-reconciler", "DISABLED"]),
      warning("schedule tributary-dev-manifests-reconciler is disabled"),
    ],
  ])("%s", async (_, scheduler, expected) => {
    expect(await look(schedulesCheck, { answers: { scheduler } })).toEqual([expected]);
  });
});

describe("event rules", () => {
  test.each([
    ["none", [], NOT_DEPLOYED],
    ["all on", [["alerts", "ENABLED"]], { status: "ok", message: "1 enabled" }],
    [
      "one off",
      [
        ["alerts", "DISABLED"],
        ["uploads-job-ended", "ENABLED"],
      ],
      warning("rule tributary-dev-alerts is disabled"),
    ],
  ])("%s", async (_, states, expected) => {
    const events = {
      ListRulesCommand: ({ NextToken }: { NextToken?: string }) =>
        // the second page has the rules
        NextToken
          ? { Rules: states.map(([Name, State]) => ({ Name: `tributary-dev-${Name}`, State })) }
          : { Rules: [], NextToken: "next" },
    };
    expect(await look(rulesCheck, { answers: { events } })).toEqual([expected]);
  });
});

describe("Glue's triggers", () => {
  const scheduled = (isSo: boolean): Environment =>
    filledIn(({ ledger }) => ({ ledger: { ...ledger, scheduled: isSo } }));
  const second = ["ledger-second", "CONDITIONAL", "ACTIVATED"] as const;

  test.each([
    ["none", true, [], NOT_DEPLOYED],
    [
      "as the settings say",
      true,
      [["ledger-batch", "SCHEDULED", "ACTIVATED"], second],
      { status: "ok", message: "2 as the settings say" },
    ],
    [
      "off, as the settings say",
      false,
      [["ledger-batch", "SCHEDULED", "DEACTIVATED"], ["ledger-start", "ON_DEMAND", "CREATED"], second],
      { status: "ok", message: "3 as the settings say" },
    ],
    [
      "switched off",
      true,
      [["ledger-batch", "SCHEDULED", "DEACTIVATED"], second],
      warning("trigger tributary-dev-ledger-batch is deactivated (ledger.scheduled: true)"),
    ],
    [
      "switched on",
      false,
      [["ledger-batch", "SCHEDULED", "ACTIVATED"], second],
      warning("trigger tributary-dev-ledger-batch is activated (ledger.scheduled: false)"),
    ],
    [
      "of the second job, switched off",
      true,
      [["ledger-second", "CONDITIONAL", "DEACTIVATED"]],
      warning("trigger tributary-dev-ledger-second is deactivated"),
    ],
  ] as const)("%s", async (_, isScheduled, triggers, expected) => {
    const others = { Name: "someone-elses", Type: "SCHEDULED", State: "DEACTIVATED" };
    const own = triggers.map(([name, Type, State]) => ({ Name: `tributary-dev-${name}`, Type, State }));
    const glue = { GetTriggersCommand: () => ({ Triggers: [others, ...own] }) };
    expect(await look(triggersCheck, { environment: scheduled(isScheduled), answers: { glue } })).toEqual([
      expected,
    ]);
  });
});

test.each([
  ["Glue's triggers", triggersCheck, "none in the pipelines of the environment"],
  ["the streaming job", streamCheck, "not in the pipelines of the environment"],
])("without their pipeline %s are not looked for", async (_, check, message) => {
  const environment = filledIn(() => ({ pipelines: ["uploads"] }));
  expect(await look(check, { environment })).toEqual([{ status: "ok", message }]);
});

describe("event sources", () => {
  const mapped = (states: Readonly<Record<string, string>>): Answers => ({
    ListEventSourceMappingsCommand: ({ FunctionName }: { FunctionName: string }) => {
      const State = states[FunctionName.replace("tributary-dev-", "")];
      return { EventSourceMappings: State === undefined ? [] : [{ State }] };
    },
  });
  const both = deployed("manifests-builder", "ledger-registrar");

  test.each([
    ["of nothing", [], {}, [NOT_DEPLOYED]],
    [
      "both on",
      both,
      { "manifests-builder": "Enabled", "ledger-registrar": "Updating" },
      [{ status: "ok", message: "2 enabled" }],
    ],
    [
      "of the pipeline that there is",
      deployed("ledger-registrar"),
      { "ledger-registrar": "Enabled" },
      [{ status: "ok", message: "1 enabled" }],
    ],
    [
      "paused",
      both,
      { "manifests-builder": "Disabled", "ledger-registrar": "Enabled" },
      [warning("that of manifests-builder is disabled", "npx tributary manifests resume")],
    ],
    ["gone", deployed("ledger-registrar"), {}, [warning("ledger-registrar has none")]],
  ])("%s", async (_, functions, states, expected) => {
    expect(await look(eventSourcesCheck, { functions, answers: { lambda: mapped(states) } })).toEqual(
      expected,
    );
  });

  test("are none where no pipeline reads a queue", async () => {
    const environment = filledIn(() => ({ pipelines: ["uploads"] }));
    expect(await look(eventSourcesCheck, { environment })).toEqual([
      { status: "ok", message: "no pipeline of the environment reads a queue" },
    ]);
  });

  test("that the local platform serves are disabled by design", async () => {
    const environment = { ...loadEnvironment("local"), account: "111122223333" };
    expect(await look(eventSourcesCheck, { environment, functions: both })).toEqual([
      { status: "ok", message: "served by npm start, so disabled in Lambda" },
    ]);
  });
});

describe("the streaming job", () => {
  test.each([
    ["that is to run", {}, { status: "ok", message: "to run" }],
    [
      "that was stopped",
      { desired: { S: "stopped" } },
      warning("an operator stopped it", "npx tributary manifests start"),
    ],
    [
      "that fails again and again",
      { failures: { N: "3" } },
      warning("it ended 3 times in a row with nobody asking"),
    ],
  ])("%s", async (_, Item, expected) => {
    const dynamo = { GetItemCommand: () => ({ Item }) };
    expect(await look(streamCheck, { answers: { dynamo } })).toEqual([expected]);
  });

  test("before the first deploy", async () => {
    const dynamo = { GetItemCommand: () => awsError("ResourceNotFoundException") };
    expect(await look(streamCheck, { answers: { dynamo } })).toEqual([
      expect.objectContaining({ status: "not checked", missing: "a deployed control table" }),
    ]);
  });
});

describe("the last invocations", () => {
  /** Sums of five minutes, as [minute, invocations, errors]. */
  type Period = readonly [minute: number, invocations: number, errors: number];
  const at = (minute: number) => new Date(Date.UTC(2026, 0, 31, 11, minute));

  const metrics = (periods: readonly Period[]): Answers => ({
    GetMetricDataCommand: ({ NextToken }: { NextToken?: string }) => {
      // a page each for invocations and errors
      const [Id, value] = NextToken ? (["errors0", 2] as const) : (["invocations0", 1] as const);
      const Timestamps = periods.map(([minute]) => at(minute));
      const result = { Id, Timestamps, Values: periods.map((period) => period[value]) };
      return { MetricDataResults: [result], ...(NextToken ? {} : { NextToken: "errors" }) };
    },
  });
  const failed = (status: Finding["status"], message: string) => ({
    status,
    message,
    wayOut: "read its log: aws logs tail /aws/lambda/tributary-dev-control-plane --since 1d",
  });

  test.each<[string, readonly Period[], object]>([
    [
      "that went well, after some that failed",
      [
        [5, 3, 0],
        [0, 5, 5],
      ],
      { status: "ok", message: "1 functions invoked within a day, none failed at last" },
    ],
    [
      "that partly failed",
      [
        [0, 5, 0],
        [5, 3, 1],
      ],
      failed("warning", "tributary-dev-control-plane: 1 of 3 invocations failed at 2026-01-31T11:05Z"),
    ],
    [
      "that all failed",
      [
        [10, 0, 0],
        [5, 3, 3],
      ],
      failed("failure", "tributary-dev-control-plane: 3 of 3 invocations failed at 2026-01-31T11:05Z"),
    ],
    [
      "that nobody counted",
      [],
      expect.objectContaining({ missing: "metrics of an invocation within a day" }) as object,
    ],
  ])("%s", async (_, periods, expected) => {
    const functions = deployed("control-plane");
    const cloudwatch = metrics(periods);
    expect(await look(invocationsCheck, { functions, answers: { cloudwatch } })).toEqual([expected]);
  });

  test("before the first deploy", async () => {
    expect(await look(invocationsCheck)).toEqual([NOT_DEPLOYED]);
  });
});

describe("the code", () => {
  const environment = filledIn(() => ({ pipelines: ["manifests"] }));
  const wanted = functionsOf(environment);
  const [sha, other] = ["ab".repeat(32), "cd".repeat(32)];
  const base64 = (hex: string) => Buffer.from(hex, "hex").toString("base64");
  const codeKeys = [
    ...wanted.map((name) => `functions/${sha}/${name}.zip`),
    `glue/${sha}/manifests_stream.py`,
    `glue/${sha}/tributary.zip`,
    `wheels/${sha}/a.whl`,
  ];
  const missing = () => awsError("EntityNotFoundException");
  const job = (script: string, packages: string): Answers => ({
    GetJobCommand: ({ JobName }: { JobName: string }) => {
      expect(JobName).toBe("tributary-dev-manifests-stream");
      const address = (folder: string, file: string) => `s3://artifacts/glue/${folder}/${file}`;
      return {
        Job: {
          Command: { ScriptLocation: address(script, "manifests_stream.py") },
          NonOverridableArguments: {
            "--extra-py-files": address(packages, "tributary.zip"),
            "--additional-python-modules": `s3://artifacts/wheels/${sha}/a.whl,pip`,
          },
        },
      };
    },
  });
  /** The environment's functions, with the code of the checkout but for one. */
  const functions = (older?: FunctionName) =>
    wanted.map((name) => ({
      name,
      codeSha256: base64(name === older ? other : sha),
      reserved: 0,
    }));
  const wayOut = "npm run deploy -- --environment dev, or check out what is deployed";
  const older = (name: string) => warning(`${name} runs other code than this checkout's`, wayOut);
  const absent = (name: string) => ({
    status: "failure",
    message: `${name} is not deployed, and others are`,
    wayOut,
  });

  test.each([
    [
      "of this checkout",
      functions(),
      job(sha, sha),
      [{ status: "ok", message: `${wanted.length} functions and 1 jobs as in this checkout` }],
    ],
    ["of a function that is older", functions("control-plane"), job(sha, sha), [older("control-plane")]],
    ["of a job whose script is older", functions(), job(other, sha), [older("manifests-stream")]],
    ["of a job whose package is older", functions(), job(sha, other), [older("manifests-stream")]],
    ["of a job that is gone", functions(), { GetJobCommand: missing }, [absent("manifests-stream")]],
    ["of a function that is gone", functions().slice(1), job(sha, sha), [absent(String(wanted[0]))]],
    ["of nothing", [], { GetJobCommand: missing }, [NOT_DEPLOYED]],
  ])("%s", async (_, deployedOnes, glue, expected) => {
    const s3 = { HeadObjectCommand: () => ({}) };
    const given = { environment, functions: deployedOnes, codeKeys, answers: { glue, s3 } };
    expect(await look(codeCheck, given)).toEqual(expected);
  });

  test("that is gone from the bucket, as Glue would find", async () => {
    const s3 = {
      HeadObjectCommand: ({ Bucket, Key }: { Bucket: string; Key: string }) =>
        Bucket === "artifacts" && !Key.startsWith("wheels/") ? {} : awsError("NotFound"),
    };
    const given = { environment, functions: functions(), codeKeys, answers: { glue: job(sha, sha), s3 } };
    expect(await look(codeCheck, given)).toEqual([
      {
        status: "failure",
        message: `s3://artifacts/wheels/${sha}/a.whl is gone, and a job loads it`,
        wayOut,
      },
    ]);
  });
});

describe("what is deployed", () => {
  test("are the functions that Lambda has, with their code and reservation", async () => {
    const missing = () => awsError("ResourceNotFoundException");
    const { client } = clientDouble<never>({
      GetFunctionConfigurationCommand: ({ FunctionName }) =>
        FunctionName === "tributary-dev-control-plane" ? { CodeSha256: "x=" } : missing(),
      GetFunctionConcurrencyCommand: () => ({ ReservedConcurrentExecutions: 7 }),
    });
    expect(await deployedFunctions(client, filledIn())).toEqual([
      { name: "control-plane", codeSha256: "x=", reserved: 7 },
    ]);
  });

  test("is to have a forwarder of alerts where there is a pager", () => {
    const paged = filledIn(({ alerts }) => ({ alerts: { ...alerts, pagerSecrets: ["pager"] } }));
    expect(wantedFunctions(paged)).toEqual([...wantedFunctions(filledIn()), "alert-forwarder"]);
  });

  test.each([
    ["tributary-dev-alerts", true],
    ["tributary-dev-eu-alerts", false],
    ["tributary-development", false],
    ["other-dev-alerts", false],
  ])("%s is the environment's own: %s", (name, own) => {
    expect(isOwn(filledIn(), name, ["dev", "dev-eu", "prod"])).toBe(own);
  });
});
