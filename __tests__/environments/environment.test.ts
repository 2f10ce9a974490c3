import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import {
  EnvironmentsError,
  environmentNames,
  loadEnvironment,
  loadEnvironments,
} from "../../environments/schema";
import { type EnvironmentSettings, parseEnvironment } from "../../environments/schema/environment";
import { MAX_UNDECLARED_COLUMNS } from "../../runtime/undeclared-columns";

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
    return [...error.problems];
  }
}

describe("an environment", () => {
  test("fills in the documented defaults", () => {
    const environment = parseEnvironment("prod", MINIMAL);
    expect(environment.project).toBe("tributary");
    expect(environment.uploads.workers).toMatchObject({ type: "G.1X", number: 2, maximum: 2 });
    expect(environment.deletionGuard).toBe(true);
    expect(environment.storage.tlsOnly).toBe(true);
  });

  test("lets a table have as many undeclared columns as an item has room for, and no more", () => {
    const most = MAX_UNDECLARED_COLUMNS;
    expect(problemsOf({ ...MINIMAL, storage: { undeclaredColumns: most } })).toEqual([]);
    expect(problemsOf({ ...MINIMAL, storage: { undeclaredColumns: most + 1 } })).toHaveLength(1);
  });

  test.each([
    ["us-east-1", "use1-az1"],
    ["ap-southeast-7", "apse7-az2"],
    ["ap-northeast-1", "apne1-az4"],
    ["mx-central-1", "mxc1-az1"],
  ])("takes zones of %s by their ids", (region, zone) => {
    const zones = [zone, zone.replace(/\d$/, "5")];
    expect(problemsOf({ ...MINIMAL, region, network: { ...MINIMAL.network, zones } })).toEqual([]);
  });

  const WRONG: [string, unknown, string][] = [
    [
      "an unknown choice",
      { uploads: { workers: { type: "G.3X" } } },
      'environments/prod.ts: uploads.workers.type: expected one of G.1X, G.2X, G.4X, G.8X, got "G.3X"',
    ],
    [
      "a number out of range",
      { uploads: { leaseSeconds: 1 } },
      "environments/prod.ts: uploads.leaseSeconds: expected a whole number from 5 to 3600 s, got 1",
    ],
    [
      "a zone that is neither a letter nor an id",
      { network: { ...MINIMAL.network, zones: ["a", "eu-central-1b"] } },
      'environments/prod.ts: network.zones[1]: expected the zone\'s letter, a to f, or its id such as use1-az1, got "eu-central-1b"',
    ],
    [
      "letters beside ids",
      { network: { ...MINIMAL.network, zones: ["a", "euc1-az1"] } },
      'environments/prod.ts: network.zones: expected letters alone or ids alone (a letter may be a zone that an id names), got ["a","euc1-az1"]',
    ],
    [
      "zones of another region",
      { network: { ...MINIMAL.network, zones: ["euc1-az1", "euc2-az1"] } },
      'environments/prod.ts: network.zones: expected ids that begin with euc1- (zones of eu-central-1), got ["euc1-az1","euc2-az1"]',
    ],
    [
      "the zone where little is to be had",
      { region: "us-east-1", network: { ...MINIMAL.network, zones: ["use1-az1", "use1-az3"] } },
      'environments/prod.ts: network.zones: expected zones other than use1-az3 (Lambda takes no subnet there, and endpoints and instance classes are missing), got ["use1-az1","use1-az3"]',
    ],
    [
      "a fraction",
      { uploads: { retries: 1.5 } },
      "environments/prod.ts: uploads.retries: expected a whole number from 0 to 10 runs, got 1.5",
    ],
    [
      "a wrong type",
      { deletionGuard: "yes" },
      'environments/prod.ts: deletionGuard: expected true or false, got "yes"',
    ],
    [
      "a pager's address where the name of its secret belongs",
      { alerts: { pagerSecrets: ["pager", "https://events.pager.com/key"] } },
      'environments/prod.ts: alerts.pagerSecrets[1]: expected the name of a secret, not an address, got "https://events.pager.com/key"',
    ],
    ...["data@example.com", "data@mail.example.org", "data@EXAMPLE.net", "data@pager.test"].map(
      (address): [string, object, string] => [
        `the placeholder ${address}`,
        { alerts: { emails: ["data@my-example.com", address] } },
        `environments/prod.ts: alerts.emails[1]: expected an address of yours, such as name@your-company.com, and none of example.com, got "${address}"`,
      ],
    ),
    [
      "a retention that CloudWatch Logs does not know",
      { logs: { retentionDays: 8 } },
      "environments/prod.ts: logs.retentionDays: expected one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653, got 8",
    ],
    [
      "an unknown setting",
      { ledger: { pitr: true } },
      'environments/prod.ts: ledger: unknown key "pitr"; known are pointInTimeRecovery, scheduled, postgres, lister, batch, registrationSeconds, oldestClaimableMinutes, oldestTransactionMinutes',
    ],
    [
      "a setting with a slip of the pen",
      { ledgr: {} },
      'environments/prod.ts: unknown key "ledgr"; did you mean "ledger"?',
    ],
    [
      "a list where a group of settings belongs",
      { budget: [] },
      "environments/prod.ts: budget: expected an object with monthlyDollars, got []",
    ],
    [
      "a missing setting",
      { budget: {} },
      "environments/prod.ts: budget.monthlyDollars is required: expected a whole number from 1 to 1000000 USD",
    ],
    [
      "a tag that is no text",
      { tags: { owner: 3 } },
      "environments/prod.ts: tags.owner: expected text of 1 to 256 characters, got 3",
    ],
    [
      "a short account id",
      { account: "1234" },
      'environments/prod.ts: account: expected the account\'s 12 digits, got "1234"',
    ],
    ...["*", "arn:aws:iam::123456789012:role/deploy"].map((role): [string, object, string] => [
      `the deployer ${role}`,
      { deployers: [role] },
      `environments/prod.ts: deployers[0]: expected the role's name with its path and without role/, \`*\` for any part, such as tributary-prod.apply, got "${role}"`,
    ]),
    [
      "a date format without a year",
      { uploads: { dateFormats: ["%d-%m"] } },
      'environments/prod.ts: uploads.dateFormats[0]: expected a strptime format with day, month and year such as %d-%m-%Y, without a comma, got "%d-%m"',
    ],
    [
      "a block that is no block of addresses",
      { network: { cidr: "10.300.0.0/16", zones: ["a", "b"] } },
      'environments/prod.ts: network.cidr: expected a block from /16 to /24 such as 10.20.0.0/16, which is cut into sixteen subnets, got "10.300.0.0/16"',
    ],
    [
      "a block that begins inside itself",
      { network: { cidr: "10.20.30.0/16", zones: ["a", "b"] } },
      'environments/prod.ts: network.cidr: expected 10.20.0.0/16, where that block begins, got "10.20.30.0/16"',
    ],
    [
      "a region whose names begin otherwise than arn:aws:",
      { region: "cn-north-1" },
      'environments/prod.ts: region: expected a region of the partition aws such as us-east-1, got "cn-north-1"',
    ],
    [
      "a timeout that uploads-job-ended could not keep",
      { functions: { timeoutSeconds: 70 } },
      "environments/prod.ts: functions.timeoutSeconds: expected a whole number from 90 to 900 s, got 70",
    ],
    [
      "a tag that every stack sets by itself",
      { tags: { layer: "lake", owner: "ann" } },
      'environments/prod.ts: tags: expected keys of at most 128 characters other than project, environment, deployment, layer, managed-by and aws:…, got ["layer"]',
    ],
    [
      "more tags than a resource may have",
      { tags: Object.fromEntries(Array.from({ length: 45 }, (_, index) => [`tag-${index}`, "x"])) },
      "environments/prod.ts: tags: expected at most 44 tags, got 45",
    ],
    [
      "a maximum below the number of workers",
      { uploads: { workers: { number: 4, maximum: 3 } } },
      "environments/prod.ts: uploads.workers.maximum: expected at least 4 (uploads.workers.number), got 3",
    ],
    [
      "a settle time that outlasts the run",
      { uploads: { settleSeconds: 120, timeoutMinutes: 2 } },
      "environments/prod.ts: uploads.settleSeconds: expected less than 120 (uploads.timeoutMinutes in seconds: it ends the run), got 120",
    ],
    [
      "an uploads table that forgets what the raw bucket still holds",
      { uploads: { supersededDays: 40 }, storage: { lifecycle: { raw: { noncurrentDays: 40 } } } },
      "environments/prod.ts: uploads.supersededDays: expected at least 47 (7 more than storage.lifecycle.raw.noncurrentDays: a version that is forgotten and still in the raw bucket would be taken for a new upload), got 40",
    ],
    [
      "a batch that Lambda refuses without a window",
      { manifests: { eventSource: { windowSeconds: 0 } } },
      "environments/prod.ts: manifests.eventSource.batchSize: expected at most 10 (Lambda's limit while manifests.eventSource.windowSeconds is 0), got 1000",
    ],
    [
      "a batch larger than Lambda hands over",
      { manifests: { eventSource: { batchSize: 10_000 } } },
      "environments/prod.ts: manifests.eventSource.batchSize: expected a whole number from 1 to 3500 messages, got 10000",
    ],
    [
      "more builders at once than Lambda would run",
      {
        manifests: { eventSource: { maximumConcurrency: 60 } },
        functions: { reserve: true, reservedConcurrency: { "manifests-builder": 50 } },
      },
      "environments/prod.ts: functions.reservedConcurrency.manifests-builder: expected at least 60 (manifests.eventSource.maximumConcurrency: each delivery beyond what is reserved is refused, and counts towards the dead-letter queue), got 50",
    ],
    [
      "reservations in a new account, which allows none",
      { functions: { reserve: true, accountConcurrency: 10 } },
      "environments/prod.ts: functions.accountConcurrency: expected at least 159 (functions.reservedConcurrency: 59 together, and the 100 that Lambda keeps unreserved), or functions.reserve: false, got 10",
    ],
    [
      "more reservations than the account has room for",
      {
        manifests: { eventSource: { maximumConcurrency: 40 } },
        functions: {
          reserve: true,
          accountConcurrency: 200,
          reservedConcurrency: { "uploads-trigger": 38 },
        },
      },
      "environments/prod.ts: functions.accountConcurrency: expected at least 207 (functions.reservedConcurrency: 107 together, and the 100 that Lambda keeps unreserved), or functions.reserve: false, got 200",
    ],
    [
      "manifests that go before the books forget their files",
      { storage: { lifecycle: { manifests: { expireDays: 30 } } } },
      "environments/prod.ts: storage.lifecycle.manifests.expireDays: expected a whole number from 31 to 3650 days, got 30",
    ],
    [
      "a raw bucket without versions",
      { storage: { versioning: ["curated"] } },
      'environments/prod.ts: storage.versioning: expected a list with "raw" (its version ids identify the uploads), got ["curated"]',
    ],
    [
      "a guard that does not guard",
      { storage: { forceDestroy: true } },
      "environments/prod.ts: storage.forceDestroy: expected false (deletionGuard is true; lift the guard first), got true",
    ],
    [
      "bytes that come in no file",
      { usage: { ledger: { megabytesPerHour: 14 } } },
      "environments/prod.ts: usage.ledger.megabytesPerHour: expected 0 (usage.ledger.filesPerHour is 0), got 14",
    ],
    [
      "files that have no bytes",
      { usage: { uploads: { filesPerHour: 10 } } },
      "environments/prod.ts: usage.uploads.megabytesPerHour: expected at least 1 (usage.uploads.filesPerHour is 10), got 0",
    ],
    [
      "more hours than a month has",
      { usage: { hoursPerMonth: 744 } },
      "environments/prod.ts: usage.hoursPerMonth: expected a whole number from 1 to 730 h, got 744",
    ],
    [
      "more workers of the streaming job than the operator may ask for",
      { manifests: { workers: { number: 101 } } },
      "environments/prod.ts: manifests.workers.number: expected a whole number from 2 to 100 workers, got 101",
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
    expect(problemsOf(data).map((line) => line.split(/: (?=expected|unknown)/)[0])).toEqual([
      "environments/prod.ts: region",
      "environments/prod.ts: uploads.workers",
      "environments/prod.ts: uploads.retries",
      "environments/prod.ts: uploads.workers.maximum",
      "environments/prod.ts: storage.versioning",
    ]);
  });

  test("says what docs/environments.md shows", () => {
    const data = { ...MINIMAL, network: { ...MINIMAL.network, zones: [] }, budget: {}, ledgr: {} };
    const [, shown] = /```text\n(.*?)\n```/s.exec(readFileSync("docs/environments.md", "utf8")) ?? [];
    expect(problemsOf(data)).toEqual(shown?.split("\n"));
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

  test("name who deploys, and put all jobs into private subnets, from staging on", () => {
    for (const { name, deployers, network } of loadEnvironments()) {
      const isStrict = ["staging", "prod"].includes(name);
      expect([name, deployers.length > 0, network.privateJobs]).toEqual([name, isStrict, isStrict]);
    }
  });

  test("are named by the error about one that does not exist", () => {
    expect(() => loadEnvironment("nowhere")).toThrow(
      `environment: expected one of ${environmentNames().join(", ")}, got "nowhere"`,
    );
  });

  test("report the problems of all files together", () => {
    expect(() => loadEnvironments(["nowhere", "dev", "uat"])).toThrow("the environments have 2 problem(s)");
  });
});
