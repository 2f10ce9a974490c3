import { describe, expect, test } from "@jest/globals";
import {
  EnvironmentsError,
  environmentNames,
  loadEnvironment,
  loadEnvironments,
} from "../../environments/schema";
import { type EnvironmentSettings, parseEnvironment } from "../../environments/schema/environment";

const MINIMAL: EnvironmentSettings = {
  account: "123456789012",
  region: "eu-central-1",
  network: { cidr: "10.0.0.0/16", zones: ["a", "b"] },
  budget: { monthlyDollars: 10 },
};

function problemsOf(data: unknown, name = "prod"): string[] {
  try {
    parseEnvironment(name, data);
    return [];
  } catch (error) {
    if (!(error instanceof EnvironmentsError)) throw error;
    return error.problems.map((problem) => `${problem.path}: ${problem.message}`);
  }
}

describe("an environment", () => {
  test("fills in the documented defaults", () => {
    const environment = parseEnvironment("prod", MINIMAL);
    expect(environment.project).toBe("tributary");
    expect(environment.uploads.workers).toEqual({ type: "G.1X", number: 2, maximum: 2 });
    expect(environment.deletionGuard).toBe(true);
    expect(environment.storage.tlsOnly).toBe(true);
  });

  const WRONG: [string, unknown, string][] = [
    [
      "an unknown choice",
      { uploads: { workers: { type: "G.3X" } } },
      'prod.uploads.workers.type: "G.3X" is not a worker type; use one of G.1X, G.2X, G.4X, G.8X',
    ],
    [
      "a number out of range",
      { uploads: { leaseSeconds: 1 } },
      "prod.uploads.leaseSeconds: 1 is not a lease; use a whole number from 5 to 3600 s",
    ],
    [
      "a fraction",
      { uploads: { retries: 1.5 } },
      "prod.uploads.retries: 1.5 is not a number of retries; use a whole number from 0 to 10 runs",
    ],
    [
      "a wrong type",
      { deletionGuard: "yes" },
      'prod.deletionGuard: "yes" is not a switch; use true or false',
    ],
    [
      "a wrong element",
      { alerts: { endpoints: ["http://pager.example.com"] } },
      'prod.alerts.endpoints[0]: "http://pager.example.com" is not an HTTPS endpoint; use an address that begins with https://',
    ],
    [
      "a retention that CloudWatch Logs does not know",
      { logs: { retentionDays: 8 } },
      "prod.logs.retentionDays: 8 is not a retention that CloudWatch Logs knows; use one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653",
    ],
    [
      "an unknown setting",
      { ledger: { pitr: true } },
      'prod.ledger.pitr: "pitr" is not a setting; use one of pointInTimeRecovery, scheduled, postgres, lister, batch, registrationSeconds, oldestClaimableMinutes, oldestTransactionMinutes',
    ],
    [
      "a missing setting",
      { budget: {} },
      "prod.budget.monthlyDollars: missing; use a whole number from 1 to 1000000 USD",
    ],
    [
      "a tag that is no text",
      { tags: { owner: 3 } },
      "prod.tags.owner: 3 is not a tag's value; use text of 1 to 256 characters",
    ],
    [
      "a short account id",
      { account: "1234" },
      'prod.account: "1234" is not an AWS account id; use the account\'s 12 digits',
    ],
    [
      "a date format without a year",
      { uploads: { dateFormats: ["%d-%m"] } },
      'prod.uploads.dateFormats[0]: "%d-%m" is not a date format; use a strptime format with day, month and year such as %d-%m-%Y, without a comma',
    ],
    [
      "a block that is no block of addresses",
      { network: { cidr: "10.300.0.0/16", zones: ["a", "b"] } },
      'prod.network.cidr: "10.300.0.0/16" is not a CIDR block; use a block from /16 to /24 such as 10.20.0.0/16; it is cut into sixteen subnets',
    ],
    [
      "a block that begins inside itself",
      { network: { cidr: "10.20.30.0/16", zones: ["a", "b"] } },
      'prod.network.cidr: "10.20.30.0/16" begins inside its block; use 10.20.0.0/16',
    ],
    [
      "a region whose names begin otherwise than arn:aws:",
      { region: "cn-north-1" },
      'prod.region: "cn-north-1" is not an AWS region; use a region of the partition aws such as us-east-1',
    ],
    [
      "a timeout that uploads-job-ended could not keep",
      { functions: { timeoutSeconds: 70 } },
      "prod.functions.timeoutSeconds: 70 is not a function's timeout; use a whole number from 90 to 900 s",
    ],
    [
      "a tag that every stack sets by itself",
      { tags: { layer: "lake", owner: "ann" } },
      'prod.tags: ["layer"] cannot be set here; use keys of at most 128 characters other than project, environment, layer, managed-by and aws:…',
    ],
    [
      "more tags than a resource may have",
      { tags: Object.fromEntries(Array.from({ length: 46 }, (_, index) => [`tag-${index}`, "x"])) },
      "prod.tags: 46 tags; use at most 45",
    ],
    [
      "a maximum below the number of workers",
      { uploads: { workers: { number: 4, maximum: 3 } } },
      "prod.uploads.workers.maximum: 3 is less than uploads.workers.number; use at least 4",
    ],
    [
      "a settle time that outlasts the run",
      { uploads: { settleSeconds: 120, timeoutMinutes: 2 } },
      "prod.uploads.settleSeconds: 120 s outlasts the run; use less than uploads.timeoutMinutes, 2 min",
    ],
    [
      "an uploads table that forgets what the raw bucket still holds",
      { uploads: { supersededDays: 40 }, storage: { lifecycle: { raw: { noncurrentDays: 40 } } } },
      "prod.uploads.supersededDays: 40 days forget a version that the raw bucket may still hold, and a sweep would take it for a new upload; use at least 47, 7 more than storage.lifecycle.raw.noncurrentDays",
    ],
    [
      "a batch that Lambda refuses without a window",
      { manifests: { eventSource: { windowSeconds: 0 } } },
      "prod.manifests.eventSource.batchSize: 1000 messages need time to gather, and Lambda refuses more than 10 without; use at most 10, or manifests.eventSource.windowSeconds of at least 1",
    ],
    [
      "a batch larger than Lambda hands over",
      { manifests: { eventSource: { batchSize: 10_000 } } },
      "prod.manifests.eventSource.batchSize: 10000 is not a batch size; use a whole number from 1 to 3500 messages",
    ],
    [
      "more builders at once than Lambda would run",
      { manifests: { eventSource: { maximumConcurrency: 60 } }, functions: { reservedConcurrency: 50 } },
      "prod.manifests.eventSource.maximumConcurrency: 60 builders at once are more than Lambda would run, and each refused delivery counts towards the dead-letter queue; use at most functions.reservedConcurrency, 50",
    ],
    [
      "manifests that go before the books forget their files",
      { storage: { lifecycle: { manifests: { expireDays: 30 } } } },
      "prod.storage.lifecycle.manifests.expireDays: 30 is not a number of days; use a whole number from 31 to 3650 days",
    ],
    [
      "a raw bucket without versions",
      { storage: { versioning: ["curated"] } },
      'prod.storage.versioning: ["curated"] lacks raw, whose version ids identify the uploads; add "raw"',
    ],
    [
      "a guard that does not guard",
      { storage: { forceDestroy: true } },
      "prod.storage.forceDestroy: true contradicts deletionGuard: true; use false, or lift the guard first",
    ],
    [
      "more workers of the streaming job than the operator may ask for",
      { manifests: { workers: { number: 101 } } },
      "prod.manifests.workers.number: 101 is not a number of workers; use a whole number from 2 to 100 workers",
    ],
  ];

  test.each(WRONG)("rejects %s", (_, data, message) => {
    expect(problemsOf({ ...MINIMAL, ...(data as object) })).toEqual([message]);
  });

  test("names every problem at once, rules between settings included", () => {
    const data = {
      ...MINIMAL,
      region: "mars",
      uploads: { workers: { number: 9, surprise: 1 }, retries: -1 },
      storage: { versioning: ["curated"] },
    };
    expect(problemsOf(data).map((line) => line.slice(0, line.indexOf(":")))).toEqual([
      "prod.region",
      "prod.uploads.workers.surprise",
      "prod.uploads.retries",
      "prod.uploads.workers.maximum",
      "prod.storage.versioning",
    ]);
  });

  test("judges no rule on a value that is wrong by itself", () => {
    expect(problemsOf({ ...MINIMAL, uploads: { workers: { number: "many", maximum: 3 } } })).toHaveLength(1);
  });

  test.each(["Prod", "a-very-long-name", "9lives", "a--b"])("rejects the name %s", (name) => {
    expect(problemsOf(MINIMAL, name)).toHaveLength(1);
  });
});

describe("the environments of this project", () => {
  test("are all valid", () => {
    expect(loadEnvironments().map((environment) => environment.name)).toEqual([
      "dev",
      "local",
      "prod",
      "staging",
    ]);
  });

  test("use blocks of addresses that could be connected", () => {
    const blocks = loadEnvironments().map((environment) => environment.network.cidr);
    expect(new Set(blocks).size).toBe(blocks.length);
  });

  test("guard what holds data from staging on", () => {
    const guarded = loadEnvironments().filter((environment) => environment.deletionGuard);
    expect(guarded.map((environment) => environment.name)).toEqual(["prod", "staging"]);
  });

  test("are named by the error about one that does not exist", () => {
    expect(() => loadEnvironment("nowhere")).toThrow(
      `environments: "nowhere" is not an environment; use one of ${environmentNames().join(", ")}`,
    );
  });

  test("report the problems of all files together", () => {
    expect(() => loadEnvironments(["nowhere", "dev", "uat"])).toThrow("the environments have 2 problem(s)");
  });
});
