import { expect } from "@jest/globals";
import type { Caller } from "../../../../cli/operator/doctor/caller";
import type { Check, Finding } from "../../../../cli/operator/doctor/check";
import type { DoctorClients } from "../../../../cli/operator/doctor/clients";
import type { FunctionState } from "../../../../cli/operator/doctor/deployed/functions";
import type { Examination } from "../../../../cli/operator/doctor/examination";
import { examine } from "../../../../cli/operator/doctor/examine";
import type { Machine } from "../../../../cli/operator/doctor/machine/machine";
import { type Environment, loadEnvironment } from "../../../../environments/schema";
import { type Answers, clientDouble, type Sent } from "../../../handlers/support/doubles";

/** Classes of the clients. Each is loaded where it is asked alone: all of them take seconds. */
const KINDS: {
  readonly [Name in keyof DoctorClients]: () => Promise<{ readonly prototype: DoctorClients[Name] }>;
} = {
  cloudwatch: async () => (await import("@aws-sdk/client-cloudwatch")).CloudWatchClient,
  costs: async () => (await import("@aws-sdk/client-cost-explorer")).CostExplorerClient,
  dynamo: async () => (await import("@aws-sdk/client-dynamodb")).DynamoDBClient,
  ec2: async () => (await import("@aws-sdk/client-ec2")).EC2Client,
  events: async () => (await import("@aws-sdk/client-eventbridge")).EventBridgeClient,
  glue: async () => (await import("@aws-sdk/client-glue")).GlueClient,
  guardduty: async () => (await import("@aws-sdk/client-guardduty")).GuardDutyClient,
  iam: async () => (await import("@aws-sdk/client-iam")).IAMClient,
  lakeFormation: async () => (await import("@aws-sdk/client-lakeformation")).LakeFormationClient,
  lambda: async () => (await import("@aws-sdk/client-lambda")).LambdaClient,
  parameters: async () => (await import("@aws-sdk/client-ssm")).SSMClient,
  quotas: async () => (await import("@aws-sdk/client-service-quotas")).ServiceQuotasClient,
  rds: async () => (await import("@aws-sdk/client-rds")).RDSClient,
  s3: async () => (await import("@aws-sdk/client-s3")).S3Client,
  scheduler: async () => (await import("@aws-sdk/client-scheduler")).SchedulerClient,
  sns: async () => (await import("@aws-sdk/client-sns")).SNSClient,
  sts: async () => (await import("@aws-sdk/client-sts")).STSClient,
};

/** First parts of actions, where it is not the client's name. */
const PREFIXES: Readonly<Record<string, string>> = {
  costs: "ce",
  dynamo: "dynamodb",
  lakeFormation: "lakeformation",
  parameters: "ssm",
  quotas: "servicequotas",
};

/** Actions that are not called as the operation is. */
const ACTIONS: Readonly<Record<string, string>> = {
  "s3:HeadBucket": "s3:ListBucket",
  "s3:HeadObject": "s3:GetObject",
  "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
  "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
  "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
};

/** An environment that somebody filled in, with what `change` makes of it. */
export function filledIn(
  change: (environment: Environment) => Partial<Environment> = () => ({}),
): Environment {
  const dev = { ...loadEnvironment("dev"), account: "111122223333" };
  const own = { ...dev, alerts: { ...dev.alerts, emails: ["data@team.io"] } };
  return { ...own, ...change(own) };
}

export interface Given {
  readonly environment?: Environment;
  /** What AWS answers, by client and command. */
  readonly answers?: { readonly [Name in keyof DoctorClients]?: Answers };
  /** What AWS answers to everything else. @default - nothing else may be asked */
  readonly otherwise?: () => unknown;
  readonly machine?: Partial<Machine>;
  readonly caller?: () => Promise<Caller>;
  readonly functions?: readonly FunctionState[];
  readonly codeKeys?: readonly string[];
}

/** Makes one check, and holds that it asked with the actions alone that it declares. */
export async function look(check: Check, given: Given = {}): Promise<readonly Finding[]> {
  const { aws, asked } = await doubles(given);
  const results = await examine([check], examination(given, aws), {
    limitMilliseconds: 10_000,
    pauseMilliseconds: 0,
    signal: new AbortController().signal,
    onEnd: () => undefined,
  });
  expect(check.actions).toEqual(expect.arrayContaining([...new Set(asked())]));
  return results.map(({ group, check: name, ...finding }) => finding);
}

/** What checks look at, as `given`. */
export function examination(given: Given, aws: Partial<DoctorClients> = {}): Examination {
  const { environment = filledIn(), machine = {}, functions = [], codeKeys = [] } = given;
  const mine = {
    account: environment.account,
    arn: "arn:aws:iam::111122223333:user/me",
    aheadMilliseconds: 0,
  };
  return {
    environment,
    aws: aws as DoctorClients,
    machine: { ...MACHINE, ...machine },
    now: new Date("2026-01-31T12:00:00Z"),
    caller: given.caller ?? (async () => mine),
    functions: async () => functions,
    codeKeys: async () => codeKeys,
  };
}

const MACHINE: Machine = {
  node: "22.11.0",
  variables: {},
  folders: ["/somewhere"],
  freeBytes: async () => 1e12,
  python: async () => ({ program: "/usr/bin/python3", version: "3.11.7" }),
  terraform: async () => ({ program: "/usr/bin/terraform", unfit: [] }),
  provider: () => "/mirror",
};

async function doubles({
  answers = {},
  otherwise,
}: Given): Promise<{ aws: Partial<DoctorClients>; asked: () => string[] }> {
  const names = otherwise === undefined ? Object.keys(answers) : Object.keys(KINDS);
  const all = await Promise.all(
    names.map(async (key) => {
      const name = key as keyof DoctorClients;
      const own = answers[name] ?? {};
      const { client, sent } = clientDouble<object>(
        otherwise === undefined ? own : withDefault(own, otherwise),
      );
      // a paginator takes instances alone
      return { name, sent, client: Object.assign(Object.create((await KINDS[name]()).prototype), client) };
    }),
  );
  return {
    aws: Object.fromEntries(all.map(({ name, client }) => [name, client])),
    asked: () => all.flatMap(({ name, sent }) => sent.map((each) => actionOf(name, each))),
  };
}

function withDefault(answers: Answers, otherwise: () => unknown): Answers {
  return new Proxy(answers, { get: (own, name) => own[String(name)] ?? otherwise });
}

function actionOf(client: string, { name }: Sent): string {
  const operation = `${PREFIXES[client] ?? client}:${name.replace(/Command$/, "")}`;
  return ACTIONS[operation] ?? operation;
}
