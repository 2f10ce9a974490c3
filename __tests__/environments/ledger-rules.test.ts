import { describe, expect, test } from "@jest/globals";
import { EnvironmentsError } from "../../environments/schema";
import { parseEnvironment } from "../../environments/schema/environment";

const MINIMAL = {
  account: "123456789012",
  region: "eu-central-1",
  network: { cidr: "10.0.0.0/16", zones: ["a", "b"] },
  budget: { monthlyDollars: 10 },
};

const SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:ledger-AbCdEf";
const KEY = "arn:aws:kms:eu-central-1:123456789012:key/1";
const ELSEWHERE = {
  server: "existing",
  host: "ledger.example.com",
  cidr: "10.9.0.0/24",
  secretArn: SECRET,
  resourceId: "db-ABC",
};
const HERE = { server: "existing", authentication: "none", tls: "disable" };
const INSTALLED = { dependencies: "preinstalled" };

function problemsOf(data: object): string[] {
  try {
    parseEnvironment("prod", { ...MINIMAL, ...data });
    return [];
  } catch (error) {
    if (!(error instanceof EnvironmentsError)) throw error;
    return [...error.problems];
  }
}

const without = (name: keyof typeof ELSEWHERE) => ({ ...ELSEWHERE, [name]: undefined });

describe("the ledger's settings", () => {
  test.each<[string, object]>([
    ["a managed server", {}],
    ["a server elsewhere", { ledger: { postgres: ELSEWHERE } }],
    [
      "a server elsewhere whose secret all use",
      { ledger: { postgres: { ...without("resourceId"), authentication: "secret" } } },
    ],
    ["a server on the same machine", { ledger: { postgres: HERE }, glue: INSTALLED }],
    [
      "a server in a region without roots, whose certificate is not verified",
      { region: "ap-east-2", ledger: { postgres: { tls: "require" } } },
    ],
    [
      "an existing server of a region with roots, from one without",
      {
        region: "ap-east-2",
        ledger: { postgres: { ...ELSEWHERE, host: "ledger.abc.us-east-1.rds.amazonaws.com" } },
      },
    ],
    [
      "no endpoints where there is NAT",
      { network: { ...MINIMAL.network, egress: "nat", interfaceEndpoints: [] } },
    ],
    [
      "no endpoints where the server is on the same machine",
      {
        network: { ...MINIMAL.network, interfaceEndpoints: [] },
        ledger: { postgres: HERE },
        glue: INSTALLED,
      },
    ],
  ])("accept %s", (_, data) => {
    expect(problemsOf(data)).toEqual([]);
  });

  test.each<[string, object, string]>([
    [
      "a host of a managed server",
      { ledger: { postgres: { host: "x.example.com" } } },
      'postgres.host: expected nothing (it is of another server than the managed one; leave it out, or use ledger.postgres.server: existing), got "x.example.com"',
    ],
    ...Object.entries({ ...ELSEWHERE, secretKeyArn: KEY })
      .filter(([name]) => !["server", "host"].includes(name))
      .map(([name, given]): [string, object, string] => [
        `${name} of a managed server`,
        { ledger: { postgres: { [name]: given } } },
        `postgres.${name}: expected nothing (it is of another server than the managed one; leave it out, or use ledger.postgres.server: existing), got ${JSON.stringify(given)}`,
      ]),
    [
      "announcements that come back while they are gathered and registered",
      { ledger: { registrationSeconds: 181 } },
      "registrationSeconds: expected a whole number from 1 to 180 s, got 181",
    ],
    [
      "a server whose certificate nobody here can verify",
      { region: "ap-east-2" },
      'postgres.tls: expected require, or a server in another region (the certificates of RDS\'s authorities in ap-east-2 are not at hand: docs/security.md says how to add them), got "verify-full"',
    ],
    [
      "an existing server of such a region",
      { ledger: { postgres: { ...ELSEWHERE, host: "ledger.abc.ap-southeast-6.rds.amazonaws.com" } } },
      'postgres.tls: expected require, or a server in another region (the certificates of RDS\'s authorities in ap-southeast-6 are not at hand: docs/security.md says how to add them), got "verify-full"',
    ],
    [
      "a port that RDS does not give",
      { ledger: { postgres: { port: 443 } } },
      "postgres.port: expected at least 1150 (RDS gives no lower port), got 443",
    ],
    [
      "an alarm that is due before the job",
      { ledger: { oldestClaimableMinutes: 30, batch: { rateMinutes: 30 } } },
      "oldestClaimableMinutes: expected more than 30 (ledger.batch.rateMinutes: until then the batch job may not be started), got 30",
    ],
    [
      "an existing server of no host",
      { ledger: { postgres: HERE } },
      "postgres.host is required: expected a host name or address (ledger.postgres.server is existing; with glue.dependencies: preinstalled, libpq's PGHOST may name it)",
    ],
    [
      "an existing server whose host was forgotten",
      { ledger: { postgres: { server: "existing" } } },
      "postgres.host is required: expected a host name or address (ledger.postgres.server is existing; with glue.dependencies: preinstalled, libpq's PGHOST may name it)",
    ],
    [
      "a server elsewhere that nobody may reach",
      { ledger: { postgres: without("cidr") } },
      "postgres.cidr is required: expected the addresses of the server (what runs in the VPC may reach only these)",
    ],
    [
      "a server elsewhere without a secret",
      { ledger: { postgres: without("secretArn") } },
      "postgres.secretArn is required: expected the ARN of the secret that migrations log in by",
    ],
    [
      "tokens for a server without a name in permissions",
      { ledger: { postgres: without("resourceId") } },
      "postgres.resourceId is required: expected the server's RDS resource id (permissions to connect by ledger.postgres.authentication: iam name it)",
    ],
    [
      "logins without any proof elsewhere",
      { ledger: { postgres: { ...ELSEWHERE, authentication: "none" } } },
      'postgres.authentication: expected iam or secret (the server is not on the same machine), got "none"',
    ],
    [
      "tokens for a server on the same machine",
      { ledger: { postgres: { ...HERE, authentication: "iam" } }, glue: INSTALLED },
      'postgres.authentication: expected none (the server is on the same machine), got "iam"',
    ],
    [
      "plain text over a network",
      { ledger: { postgres: { tls: "disable" } } },
      'postgres.tls: expected verify-full or require (passwords and tokens go over a network), got "disable"',
    ],
    [
      "no room to grow",
      { ledger: { postgres: { storageGigabytes: 200, maximumStorageGigabytes: 210 } } },
      "postgres.maximumStorageGigabytes: expected at least 220 (a tenth more than ledger.postgres.storageGigabytes, to have room to grow), got 210",
    ],
    [
      "a run that ends before its last batch",
      { ledger: { batch: { budgetMinutes: 60, timeoutMinutes: 60 } } },
      "batch.timeoutMinutes: expected more than 60 (ledger.batch.budgetMinutes: a run ends its last batch after that), got 60",
    ],
    [
      "fewer workers at most than at least",
      { ledger: { batch: { workers: { number: 4, maximum: 3 } } } },
      "batch.workers.maximum: expected at least 4 (ledger.batch.workers.number), got 3",
    ],
    [
      "workers that would never be added",
      { ledger: { batch: { workers: { maximum: 5 } } } },
      "batch.slots: expected a number such as 16 (5 workers of 4 cores, the driver left out: for the cores at the start, which 0 means, no worker is ever added), got 0",
    ],
    [
      "years that end before they begin",
      { ledger: { batch: { firstYear: 2025, lastYear: 2024 } } },
      "batch.lastYear: expected at least 2025 (ledger.batch.firstYear), got 2024",
    ],
  ])("reject %s", (_, data, message) => {
    expect(problemsOf(data)).toEqual([`environments/prod.ts: ledger.${message}`]);
  });

  test("reject a single zone, in which RDS makes no server", () => {
    expect(problemsOf({ network: { ...MINIMAL.network, zones: ["a"] } })).toEqual([
      'environments/prod.ts: network.zones: expected at least 2 zones (RDS wants subnets in two), got ["a"]',
    ]);
  });

  test("reject subnets that have no room for the workers of the ledger's jobs", () => {
    const network = { ...MINIMAL.network, cidr: "10.0.0.0/22" };
    const withRuns = (concurrentRuns: number) => {
      const batch = { workers: { maximum: 9 }, slots: 32, concurrentRuns };
      return problemsOf({ network, ledger: { batch } });
    };
    expect(withRuns(5)).toEqual([]);
    expect(withRuns(6)).toEqual([
      'environments/prod.ts: network.cidr: expected a larger block (each of its sixteen subnets has 59 addresses, and one may need 67: for interface endpoints, the ledger\'s server, functions, and workers of all runs), got "10.0.0.0/22"',
    ]);
    expect(problemsOf({ network, ledger: { postgres: HERE }, glue: INSTALLED })).toEqual([]);
  });

  test("reject private subnets without the endpoints that PostgreSQL's clients call", () => {
    const network = { ...MINIMAL.network, interfaceEndpoints: ["logs", "monitoring", "events", "glue"] };
    expect(problemsOf({ network })).toEqual([
      'environments/prod.ts: network.interfaceEndpoints: expected a list with secretsmanager, kms, sts (called from the private subnets of all that speaks to PostgreSQL), or network.egress: nat, got ["logs","monitoring","events","glue"]',
    ]);
  });

  test("reject private jobs without the endpoints that they call, and without room for their workers", () => {
    const network = { ...MINIMAL.network, privateJobs: true };
    const lacking = {
      ...network,
      interfaceEndpoints: ["secretsmanager", "kms", "sts", "logs", "monitoring"],
    };
    const problem =
      'environments/prod.ts: network.interfaceEndpoints: expected a list with events, glue, sqs (called from the private subnets of all jobs: network.privateJobs), or network.egress: nat, got ["secretsmanager","kms","sts","logs","monitoring"]';
    expect(problemsOf({ network: lacking })).toEqual([problem]);
    const here = { ledger: { postgres: HERE }, glue: INSTALLED };
    const places = [problem.replace("events, glue, sqs", "events, sqs, glue")];
    expect(problemsOf({ network: lacking, ...here })).toEqual(places);
    expect(problemsOf({ network: { ...lacking, egress: "nat" } })).toEqual([]);
    const small = { network: { ...network, cidr: "10.0.0.0/22" }, uploads: { workers: { maximum: 60 } } };
    expect(problemsOf(small)).toEqual([expect.stringContaining("network.cidr: expected a larger block")]);
    expect(problemsOf({ ...small, network: { ...small.network, privateJobs: false } })).toEqual([]);
  });

  test.each<[string, object]>([
    [
      "a ledger's server, zones and endpoints",
      {
        pipelines: ["uploads", "manifests"],
        network: { ...MINIMAL.network, zones: ["a"], interfaceEndpoints: [] },
        ledger: {
          postgres: { server: "existing", tls: "disable" },
          batch: { workers: { number: 4, maximum: 3 } },
        },
      },
    ],
    [
      "a queue's endpoint and a secret's of jobs that have neither",
      {
        pipelines: ["uploads"],
        network: {
          ...MINIMAL.network,
          privateJobs: true,
          interfaceEndpoints: ["kms", "sts", "logs", "monitoring", "events", "glue"],
        },
      },
    ],
    [
      "uploads' and manifests' settings where neither is",
      {
        pipelines: ["ledger"],
        uploads: { workers: { number: 5, maximum: 2 } },
        manifests: { eventSource: { batchSize: 100, windowSeconds: 0 } },
      },
    ],
  ])("do not demand %s of pipelines that are off", (_, data) => {
    expect(problemsOf(data)).toEqual([]);
    const all = { ...data, pipelines: ["uploads", "manifests", "ledger"] };
    expect(problemsOf(all).length).toBeGreaterThan(0);
  });

  test("need room for the workers of the pipelines that are there", () => {
    const network = { ...MINIMAL.network, cidr: "10.0.0.0/22", privateJobs: true };
    const workers = { workers: { maximum: 60 } };
    expect(problemsOf({ pipelines: ["manifests"], network, uploads: workers })).toEqual([]);
    expect(problemsOf({ pipelines: ["uploads"], network, uploads: workers })).toEqual([
      'environments/prod.ts: network.cidr: expected a larger block (each of its sixteen subnets has 59 addresses, and one may need 68: for interface endpoints, workers of all runs), got "10.0.0.0/22"',
    ]);
  });

  test.each<[string, unknown, string]>([
    [
      "an unknown pipeline",
      ["uploads", "stream"],
      "pipelines[1]: expected one of uploads, manifests, ledger",
    ],
    [
      "no pipeline",
      [],
      "pipelines: expected 1 to 3 different values, each one of uploads, manifests, ledger",
    ],
  ])("reject %s, and judge no pipeline's settings then", (_, pipelines, message) => {
    const data = { pipelines, ledger: { postgres: { host: "x.example.com" } } };
    expect(problemsOf(data)).toEqual([expect.stringContaining(`environments/prod.ts: ${message}`)]);
  });

  test("reject processed files that are archived before they are tiered", () => {
    const lifecycle = { raw: { tieringDays: 30 }, processed: { archiveDays: 30 } };
    expect(problemsOf({ storage: { lifecycle } })).toEqual([
      "environments/prod.ts: storage.lifecycle.processed.archiveDays: expected more than 30 (storage.lifecycle.raw.tieringDays: no archive leads back to Intelligent-Tiering), got 30",
    ]);
  });

  test("reject processed files that expire before they are archived", () => {
    const lifecycle = { processed: { archiveDays: 30, expireDays: 30 } };
    expect(problemsOf({ storage: { lifecycle } })).toEqual([
      "environments/prod.ts: storage.lifecycle.processed.expireDays: expected more than 30 (storage.lifecycle.processed.archiveDays), got 30",
    ]);
  });
});
