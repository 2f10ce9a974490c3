import { describe, expect, test } from "@jest/globals";
import { concurrencyCheck } from "../../../../cli/operator/doctor/account/concurrency";
import { costTagCheck } from "../../../../cli/operator/doctor/account/cost-tag";
import { glueQuotasCheck } from "../../../../cli/operator/doctor/account/glue-quotas";
import { guardDutyCheck } from "../../../../cli/operator/doctor/account/guard-duty";
import { lakeFormationCheck } from "../../../../cli/operator/doctor/account/lake-formation";
import { postgresVersionCheck } from "../../../../cli/operator/doctor/account/postgres-version";
import { rawBucketCheck } from "../../../../cli/operator/doctor/account/raw-bucket";
import { ciCheck, deployersCheck } from "../../../../cli/operator/doctor/account/roles";
import { stateBucketCheck } from "../../../../cli/operator/doctor/account/state-bucket";
import { subscriptionsCheck } from "../../../../cli/operator/doctor/account/subscriptions";
import {
  endpointsCheck,
  instanceClassCheck,
  zonesCheck,
} from "../../../../cli/operator/doctor/account/zones";
import type { Finding } from "../../../../cli/operator/doctor/check";
import { type Environment, reservedExecutions } from "../../../../environments/schema";
import { type Answers, awsError } from "../../../handlers/support/doubles";
import { filledIn, look } from "./examined";

const text = expect.any(String);

/** A failure or warning, whose way out the test leaves to another. */
function finding(
  status: Finding["status"],
  message: string,
  fields: Partial<Record<keyof Finding, unknown>> = {},
): object {
  return { status, message, wayOut: text, ...fields };
}

describe("Lambda's concurrency", () => {
  const reserving = (reserve: boolean): Environment =>
    filledIn(({ functions }) => ({ functions: { ...functions, reserve } }));
  const wanted = Object.values(reservedExecutions(reserving(true))).reduce((sum, each) => sum + each, 0);
  const link =
    "https://us-east-1.console.aws.amazon.com/servicequotas/home/services/lambda/quotas/L-B99A9384";
  const tooMuch = (limit: number, reservable: number, others: number) =>
    finding(
      "failure",
      `dev reserves ${wanted} executions, and of the account's ${limit} it can have ${reservable}: ${others} are reserved by others, and Lambda keeps 100 unreserved`,
      {
        link,
        wayOut: `ask for a quota of ${wanted + others + 100} or more, or reserve less: functions.reservedConcurrency, functions.reserve`,
      },
    );

  test.each([
    [
      "what is needed and others have",
      true,
      [1000, 700, 0],
      { status: "ok", message: `${wanted} reserved of 1000, 300 by others` },
    ],
    ["no reservation", false, [1000, 1000, 0], { status: "ok", message: "0 reserved of 1000, 0 by others" }],
    [
      "its own, which is there already",
      true,
      [100 + wanted, 100, wanted],
      { status: "ok", message: `${wanted} reserved of ${100 + wanted}, 0 by others` },
    ],
    ["more than others leave", true, [1000, 100 + wanted - 1, 0], tooMuch(1000, wanted - 1, 901 - wanted)],
    ["anything in a new account", true, [10, 10, 0], tooMuch(10, 0, 0)],
    [
      "nothing in a new account",
      false,
      [50, 50, 0],
      finding("warning", "50 executions for all functions of the account", { link }),
    ],
  ])("with %s", async (_, reserve, [limit, unreserved, own = 0], expected) => {
    const answer = {
      AccountLimit: { ConcurrentExecutions: limit, UnreservedConcurrentExecutions: unreserved },
    };
    const made = look(concurrencyCheck, {
      environment: reserving(reserve),
      functions: [{ name: "control-plane", codeSha256: "", reserved: own }],
      answers: { lambda: { GetAccountSettingsCommand: () => answer } },
    });
    expect(await made).toEqual([expected]);
  });
});

/** Zones of the account; its letters are no other account's. */
const ZONES: Answers = {
  DescribeAvailabilityZonesCommand: () => ({
    AvailabilityZones: [
      ["us-east-1a", "use1-az4", "available"],
      ["us-east-1b", "use1-az6", "available"],
      ["us-east-1c", "use1-az3", "available"],
      ["us-east-1d", "use1-az1", "impaired"],
    ].map(([ZoneName, ZoneId, State]) => ({ ZoneName, ZoneId, State })),
  }),
};

function inZones(zones: readonly string[], change: Partial<Environment["network"]> = {}): Environment {
  return filledIn(({ network }) => ({ network: { ...network, ...change, zones: [...zones] } }));
}

describe("zones", () => {
  test.each([
    [["a", "b"], [{ status: "ok", message: "us-east-1a is use1-az4, us-east-1b is use1-az6" }]],
    [["use1-az4"], [{ status: "ok", message: "us-east-1a is use1-az4" }]],
    [["a", "c"], [finding("failure", "zone c is use1-az3, where Lambda has no VPC")]],
    [
      ["d", "f"],
      [
        finding("failure", "us-east-1 has no available zone d for this account"),
        finding("failure", "us-east-1 has no available zone f for this account"),
      ],
    ],
  ])("%j", async (zones, expected) => {
    expect(await look(zonesCheck, { environment: inZones(zones), answers: { ec2: ZONES } })).toEqual(
      expected,
    );
  });

  test("may lack Lambda where no function is in the VPC", async () => {
    const environment = { ...inZones(["c"]), pipelines: ["uploads" as const] };
    expect(await look(zonesCheck, { environment, answers: { ec2: ZONES } })).toEqual([
      { status: "ok", message: "us-east-1c is use1-az3" },
    ]);
  });
});

describe("interface endpoints", () => {
  const offering = (offers: Readonly<Record<string, readonly string[]>>): Answers => ({
    ...ZONES,
    DescribeVpcEndpointServicesCommand: () => ({
      ServiceDetails: Object.entries(offers).map(([service, zones]) => ({
        ServiceName: `com.amazonaws.us-east-1.${service}`,
        AvailabilityZones: zones.map((zone) => `us-east-1${zone}`),
      })),
    }),
  });

  test.each([
    ["none", [], {}, { status: "ok", message: "none in the settings" }],
    [
      "in each zone",
      ["glue", "kms"],
      { glue: ["a", "b", "c"], kms: ["a", "b"] },
      { status: "ok", message: "2 in 2 zones" },
    ],
    [
      "not in one zone",
      ["glue"],
      { glue: ["a"] },
      finding("failure", "com.amazonaws.us-east-1.glue is not in us-east-1b (use1-az6)"),
    ],
    [
      "not in the region",
      ["glue"],
      {},
      finding("failure", "us-east-1 has no interface endpoint com.amazonaws.us-east-1.glue"),
    ],
  ] as const)("%s", async (_, interfaceEndpoints, offers, expected) => {
    const environment = inZones(["a", "b"], { interfaceEndpoints: [...interfaceEndpoints] });
    expect(await look(endpointsCheck, { environment, answers: { ec2: offering(offers) } })).toEqual([
      expected,
    ]);
  });
});

/** The environment with other settings of its PostgreSQL server. */
function withServer(change: Partial<Environment["ledger"]["postgres"]>): Environment {
  return filledIn(({ ledger }) => ({ ledger: { ...ledger, postgres: { ...ledger.postgres, ...change } } }));
}

describe("the instance class", () => {
  const offered = (version: string, zones: readonly string[]) => ({
    EngineVersion: version,
    AvailabilityZones: zones.map((zone) => ({ Name: `us-east-1${zone}` })),
  });
  const CLASS = "db.t4g.micro with PostgreSQL 18";

  test.each([
    [
      "in all zones",
      false,
      [offered("18.1", ["a", "b"])],
      { status: "ok", message: `${CLASS} in us-east-1a, us-east-1b` },
    ],
    [
      "in one zone",
      false,
      [offered("18.1", ["b"])],
      finding("warning", `RDS has ${CLASS} not in us-east-1a: no standby can be there`),
    ],
    [
      "in one zone, with a standby",
      true,
      [offered("18.1", ["b"])],
      finding("failure", `RDS has ${CLASS} in us-east-1b, and needs 2 of network.zones`),
    ],
    [
      "of another version alone",
      false,
      [offered("17.4", ["a", "b"])],
      finding("failure", `RDS has ${CLASS} in no zone, and needs 1 of network.zones`),
    ],
  ])("%s", async (_, multiZone, offers, expected) => {
    const rds = {
      DescribeOrderableDBInstanceOptionsCommand: ({ Marker }: { Marker?: string }) =>
        // the second page has the offers
        Marker ? { OrderableDBInstanceOptions: offers } : { OrderableDBInstanceOptions: [], Marker: "next" },
    };
    const made = look(instanceClassCheck, {
      environment: withServer({ multiZone }),
      answers: { ec2: ZONES, rds },
    });
    expect(await made).toEqual([expected]);
  });

  test.each([
    ["a server that is there already", withServer({ server: "existing" })],
    ["an environment without the ledger pipeline", filledIn(() => ({ pipelines: ["uploads"] }))],
  ])("of %s is not asked for", async (_, environment) => {
    for (const check of [instanceClassCheck, postgresVersionCheck]) {
      expect(await look(check, { environment })).toEqual([
        { status: "ok", message: "no server is RDS's to make" },
      ]);
    }
  });
});

describe("the version of PostgreSQL", () => {
  test.each([
    [
      "that RDS has",
      [
        ["18.1", "available"],
        ["17.4", "available"],
      ],
      { status: "ok", message: "18.1" },
    ],
    [
      "that RDS deprecates",
      [["18.1", "deprecated"]],
      finding("warning", "RDS calls all of PostgreSQL 18 deprecated (18.1)"),
    ],
    [
      "that RDS has not",
      [
        ["17.4", "available"],
        ["180.1", "available"],
      ],
      finding("failure", "RDS of us-east-1 has no PostgreSQL 18"),
    ],
  ])("%s", async (_, versions, expected) => {
    const DBEngineVersions = versions.map(([EngineVersion, Status]) => ({ EngineVersion, Status }));
    const rds = { DescribeDBEngineVersionsCommand: () => ({ DBEngineVersions }) };
    expect(await look(postgresVersionCheck, { answers: { rds } })).toEqual([expected]);
  });
});

describe("Glue's quotas", () => {
  const quotas = (values: Readonly<Record<string, number | undefined>>): Answers => ({
    GetServiceQuotaCommand: ({ QuotaCode }: { QuotaCode: string }) =>
      values[QuotaCode] === undefined
        ? awsError("NoSuchResourceException")
        : { Quota: { Value: values[QuotaCode] } },
    GetAWSDefaultServiceQuotaCommand: () => ({ Quota: { Value: 1000 } }),
  });

  test("that are enough, one of them AWS's default", async () => {
    const answers = { quotas: quotas({ "L-5E4153CA": 30, "L-F574AED9": 10 }) };
    expect(await look(glueQuotasCheck, { answers })).toEqual([
      {
        status: "ok",
        message:
          "concurrent runs of all jobs: 4 of 30, concurrent runs of one job: 1 of 10, DPUs of all runs: 6.5 of 1000",
      },
    ]);
  });

  test("count the jobs of the environment's pipelines alone", async () => {
    const environment = filledIn(() => ({ pipelines: ["manifests"] }));
    const [{ message } = { message: "" }] = await look(glueQuotasCheck, {
      environment,
      answers: { quotas: quotas({}) },
    });
    expect(message).toBe(
      "concurrent runs of all jobs: 1 of 1000, concurrent runs of one job: 1 of 1000, DPUs of all runs: 0.5 of 1000",
    );
  });

  test("that are too low", async () => {
    const answers = { quotas: quotas({ "L-5E4153CA": 3, "L-F574AED9": 10, "L-08F3B322": 6 }) };
    const base = "https://us-east-1.console.aws.amazon.com/servicequotas/home/services/glue/quotas";
    expect(await look(glueQuotasCheck, { answers })).toEqual([
      finding("failure", "concurrent runs of all jobs: the settings come to 4, and the account has 3", {
        link: `${base}/L-5E4153CA`,
      }),
      finding("failure", "DPUs of all runs: the settings come to 6.5, and the account has 6", {
        link: `${base}/L-08F3B322`,
      }),
    ]);
  });
});

describe("Lake Formation's defaults", () => {
  const all = [
    { Principal: { DataLakePrincipalIdentifier: "IAM_ALLOWED_PRINCIPALS" }, Permissions: ["ALL"] },
  ];
  const answers = (databases: readonly object[], tables: readonly object[]) => ({
    lakeFormation: {
      GetDataLakeSettingsCommand: () => ({
        DataLakeSettings: {
          CreateDatabaseDefaultPermissions: databases,
          CreateTableDefaultPermissions: tables,
        },
      }),
    },
  });
  const governed = (what: string) =>
    finding(
      "failure",
      `new ${what} ask for grants of Lake Formation, which the platform's roles do not have`,
      { wayOut: expect.stringContaining('storage.lakeFormation: "iam"'), link: text },
    );

  test.each([
    [
      "as AWS has them",
      all,
      all,
      { status: "ok", message: "IAM alone decides about new databases and tables" },
    ],
    ["changed for both", [], [], governed("databases and tables")],
    ["changed for tables", all, [], governed("tables")],
  ])("%s", async (_, databases, tables, expected) => {
    expect(await look(lakeFormationCheck, { answers: answers(databases, tables) })).toEqual([expected]);
  });

  test("changed, where the settings grant to IAM's principals", async () => {
    const environment = filledIn(({ storage }) => ({ storage: { ...storage, lakeFormation: "iam" } }));
    expect(await look(lakeFormationCheck, { environment })).toEqual([
      { status: "ok", message: "granted to all that IAM admits, by the settings" },
    ]);
  });
});

describe("the cost-allocation tag", () => {
  const link = "https://console.aws.amazon.com/billing/home#/tags";

  test.each([
    [[{ TagKey: "deployment", Status: "Active" }], { status: "ok", message: "deployment is active" }],
    [
      [{ TagKey: "deployment", Status: "Inactive" }],
      finding("warning", "deployment is inactive, so the budget counts nothing", { link }),
    ],
    [[], finding("warning", "deployment is not known yet, so the budget counts nothing", { link })],
  ])("%j", async (CostAllocationTags, expected) => {
    const costs = {
      ListCostAllocationTagsCommand: ({ TagKeys }: { TagKeys: unknown }) => {
        expect(TagKeys).toEqual(["deployment"]);
        return { CostAllocationTags };
      },
    };
    expect(await look(costTagCheck, { answers: { costs } })).toEqual([expected]);
  });
});

describe("subscriptions to alerts", () => {
  const subscribed = (...states: readonly (readonly [string, string])[]): Answers => ({
    ListSubscriptionsByTopicCommand: ({ TopicArn }: { TopicArn: string }) => {
      expect(TopicArn).toBe("arn:aws:sns:us-east-1:111122223333:tributary-dev-alerts");
      const Subscriptions = states.map(([Endpoint, SubscriptionArn]) => ({
        Endpoint,
        SubscriptionArn,
        Protocol: "email",
      }));
      return { Subscriptions };
    },
  });
  const emails = (...addresses: string[]): Environment =>
    filledIn(({ alerts }) => ({ alerts: { ...alerts, emails: addresses } }));

  test.each([
    [
      "confirmed",
      emails("a@b.io"),
      subscribed(["a@b.io", "arn:aws:sns:x"]),
      { status: "ok", message: "1 confirmed" },
    ],
    [
      "unconfirmed",
      emails("a@b.io"),
      subscribed(["a@b.io", "PendingConfirmation"]),
      finding("warning", "a@b.io (email) has not confirmed, and gets no alert"),
    ],
    ["missing", emails("a@b.io"), subscribed(), finding("warning", "a@b.io is not subscribed")],
    ["of nobody", emails(), subscribed(), finding("warning", "nobody is told of alerts")],
    [
      "before the first deploy",
      emails("a@b.io"),
      { ListSubscriptionsByTopicCommand: () => awsError("NotFoundException") },
      expect.objectContaining({ status: "not checked", missing: "a deployed topic of alerts" }),
    ],
  ])("%s", async (_, environment, sns, expected) => {
    expect(await look(subscriptionsCheck, { environment, answers: { sns } })).toEqual([expected]);
  });
});

describe("the state bucket", () => {
  const BUCKET = "tributary-state-111122223333-us-east-1";
  const guarded: Answers = {
    HeadBucketCommand: () => ({}),
    GetBucketVersioningCommand: () => ({ Status: "Enabled" }),
    GetPublicAccessBlockCommand: () => ({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    }),
    GetBucketEncryptionCommand: () => ({
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" } }],
      },
    }),
    GetBucketPolicyCommand: () => ({ Policy: '{"Condition":{"Bool":{"aws:SecureTransport":"false"}}}' }),
  };
  const failing = (...without: string[]) => without.map((each) => finding("failure", `${BUCKET} ${each}`));

  test.each([
    ["with all guards", {}, [{ status: "ok", message: `${BUCKET}, guarded` }]],
    [
      "that is not there",
      { HeadBucketCommand: () => awsError("NotFound") },
      [
        {
          status: "warning",
          message: `${BUCKET} is not there yet`,
          wayOut: "npm run bootstrap -- --environment dev",
        },
      ],
    ],
    [
      "that may be another account's",
      { HeadBucketCommand: () => awsError("Forbidden") },
      [
        expect.objectContaining({
          status: "not checked",
          missing: `permission s3:ListBucket on ${BUCKET}, or it is another account's: then choose another project name`,
        }),
      ],
    ],
    [
      "with nothing set",
      {
        GetBucketVersioningCommand: () => ({}),
        GetPublicAccessBlockCommand: () => awsError("NoSuchPublicAccessBlockConfiguration"),
        GetBucketEncryptionCommand: () => awsError("ServerSideEncryptionConfigurationNotFoundError"),
        GetBucketPolicyCommand: () => awsError("NoSuchBucketPolicy"),
      },
      failing(
        "keeps no older states",
        "may be made public",
        "is not encrypted under KMS",
        "takes requests without TLS",
      ),
    ],
    [
      "with half of its guards",
      {
        GetBucketVersioningCommand: () => ({ Status: "Suspended" }),
        GetPublicAccessBlockCommand: () => ({ PublicAccessBlockConfiguration: { BlockPublicAcls: true } }),
      },
      failing("keeps no older states", "may be made public"),
    ],
  ])("%s", async (_, changed, expected) => {
    expect(await look(stateBucketCheck, { answers: { s3: { ...guarded, ...changed } } })).toEqual(expected);
  });
});

describe("a raw bucket that was there before", () => {
  const TOPIC = "arn:aws:sns:us-east-1:111122223333:landing";
  const OTHER = "arn:aws:sns:us-east-1:111122223333:other";
  const attached = (events: string): Environment =>
    filledIn(({ storage }) => ({
      pipelines: ["uploads"],
      storage: { ...storage, raw: { ...storage.raw, existing: { bucket: "landing", events } } },
    }));
  const told = (prefix?: string, ...suffixes: readonly string[]) => ({
    TopicConfigurations: [
      {
        TopicArn: TOPIC,
        Events: ["s3:ObjectCreated:*"],
        Filter: {
          Key: {
            FilterRules: [
              ...(prefix === undefined ? [] : [{ Name: "Prefix", Value: prefix }]),
              ...suffixes.map((Value) => ({ Name: "Suffix", Value })),
            ],
          },
        },
      },
    ],
  });
  const bucket = (notification: object, changed: Answers = {}): Answers => ({
    GetBucketVersioningCommand: () => ({ Status: "Enabled" }),
    GetBucketLocationCommand: () => ({}),
    GetBucketNotificationConfigurationCommand: () => notification,
    ...changed,
  });
  const onBus = { EventBridgeConfiguration: {} };
  const well = { status: "ok", message: "landing, with versions and events" };
  const silentTo = (topic: string) =>
    finding(
      "warning",
      `landing does not tell ${topic} of all objects that are created below input/customers/, input/smoke_uploads/`,
    );

  test.each<[string, string, Answers, object]>([
    ["with EventBridge", "eventbridge", bucket(onBus), well],
    ["with a topic", TOPIC, bucket(told()), well],
    ["with a topic, below a prefix that holds the datasets'", TOPIC, bucket(told("input/")), well],
    ["with a topic, elsewhere", TOPIC, bucket(told("output/")), silentTo(TOPIC)],
    ["with a topic, for some names alone", TOPIC, bucket(told("input/", ".csv")), silentTo(TOPIC)],
    ["with another topic", OTHER, bucket(told()), silentTo(OTHER)],
    [
      "without EventBridge",
      "eventbridge",
      bucket({}),
      finding("failure", "landing sends no events to EventBridge: files wait for the reconcilers"),
    ],
    [
      "without versions",
      "eventbridge",
      bucket(onBus, { GetBucketVersioningCommand: () => ({ Status: "Suspended" }) }),
      finding(
        "failure",
        "landing keeps no versions: a file that comes again could not be told from a second event of the first",
      ),
    ],
    [
      "elsewhere",
      "eventbridge",
      bucket(onBus, { GetBucketLocationCommand: () => ({ LocationConstraint: "eu-west-1" }) }),
      finding("failure", "landing is in eu-west-1, not in us-east-1"),
    ],
    [
      "that is not there",
      "eventbridge",
      bucket(onBus, { GetBucketVersioningCommand: () => awsError("NoSuchBucket") }),
      finding("failure", "landing is not there"),
    ],
  ])("%s", async (_, events, s3, expected) => {
    expect(await look(rawBucketCheck, { environment: attached(events), answers: { s3 } })).toEqual([
      expected,
    ]);
  });

  test("is none where the deploy makes it", async () => {
    expect(await look(rawBucketCheck)).toEqual([{ status: "ok", message: "made by the deploy" }]);
  });
});

/** IAM with these roles, and GitHub's provider or none. */
function iam(roles: readonly string[], providers: readonly string[] = []): Answers {
  return {
    GetRoleCommand: ({ RoleName }: { RoleName: string }) =>
      roles.includes(RoleName) ? { Role: {} } : awsError("NoSuchEntityException"),
    ListOpenIDConnectProvidersCommand: () => ({
      OpenIDConnectProviderList: providers.map((host) => ({
        Arn: `arn:aws:iam::111122223333:oidc-provider/${host}`,
      })),
    }),
  };
}

describe("access for CI", () => {
  const GITHUB = "token.actions.githubusercontent.com";

  test.each([
    [
      "none at all",
      iam([], ["other.host"]),
      { status: "ok", message: "none prepared: deploys come from a shell" },
    ],
    [
      "whole",
      iam(["tributary-dev.plan", "tributary-dev.apply"], [GITHUB]),
      { status: "ok", message: "tributary-dev.plan, tributary-dev.apply, by OIDC" },
    ],
    [
      "without its provider and a role",
      iam(["tributary-dev.plan"]),
      finding("warning", `the OIDC provider ${GITHUB} and tributary-dev.apply of what CI needs is missing`),
    ],
  ])("%s", async (_, answers, expected) => {
    expect(await look(ciCheck, { answers: { iam: answers } })).toEqual([expected]);
  });
});

describe("deployers", () => {
  test.each([
    [[], iam([]), { status: "ok", message: "all whose policies let them" }],
    [["ci/deploy"], iam(["deploy"]), { status: "ok", message: "ci/deploy" }],
    [["deploy-*"], iam([]), { status: "ok", message: "deploy-*" }],
    [
      ["deploy", "other"],
      iam(["deploy"]),
      finding("warning", "other of deployers is no role of the account"),
    ],
    [
      ["deploy"],
      iam([]),
      finding(
        "failure",
        "deploy of deployers is no role of the account: nobody but the account's owner can upload code",
      ),
    ],
  ])("%j", async (deployers, answers, expected) => {
    const environment = filledIn(() => ({ deployers }));
    expect(await look(deployersCheck, { environment, answers: { iam: answers } })).toEqual([expected]);
  });
});

describe("GuardDuty", () => {
  test.each([
    ["on", ["one"], "ENABLED", { status: "ok", message: "on" }],
    ["suspended", ["one"], "DISABLED", finding("warning", "off in us-east-1", { link: text })],
    ["never switched on", [], undefined, finding("warning", "off in us-east-1", { link: text })],
  ])("%s", async (_, DetectorIds, Status, expected) => {
    const guardduty = {
      ListDetectorsCommand: () => ({ DetectorIds }),
      GetDetectorCommand: () => ({ Status }),
    };
    expect(await look(guardDutyCheck, { answers: { guardduty } })).toEqual([expected]);
  });
});
