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
    return error.problems.map((problem) => `${problem.path}: ${problem.message}`);
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
      'postgres.host: "x.example.com" is another server than the managed one; leave it out, or use ledger.postgres.server: existing',
    ],
    ...Object.entries({ ...ELSEWHERE, secretKeyArn: KEY })
      .filter(([name]) => !["server", "host"].includes(name))
      .map(([name, given]): [string, object, string] => [
        `${name} of a managed server`,
        { ledger: { postgres: { [name]: given } } },
        `postgres.${name}: ${JSON.stringify(given)} is of another server than the managed one; leave it out, or use ledger.postgres.server: existing`,
      ]),
    [
      "announcements that come back while they are gathered and registered",
      { ledger: { registrationSeconds: 181 } },
      "registrationSeconds: 181 is not a batching window; use a whole number from 1 to 180 s",
    ],
    [
      "a port that RDS does not give",
      { ledger: { postgres: { port: 443 } } },
      "postgres.port: 443 is one that RDS does not give; use 1150 or more",
    ],
    [
      "an alarm that is due before the job",
      { ledger: { oldestClaimableMinutes: 30, batch: { rateMinutes: 30 } } },
      "oldestClaimableMinutes: 30 min may be over before the batch job is next started; use more than ledger.batch.rateMinutes, 30",
    ],
    [
      "an existing server of no host",
      { ledger: { postgres: HERE } },
      "postgres.host: missing; an existing server has a host, unless glue.dependencies is preinstalled and libpq's PGHOST names it",
    ],
    [
      "a server elsewhere that nobody may reach",
      { ledger: { postgres: without("cidr") } },
      "postgres.cidr: missing; a server at ledger.example.com needs it: what runs in the VPC may reach only what is named",
    ],
    [
      "a server elsewhere without a secret",
      { ledger: { postgres: without("secretArn") } },
      "postgres.secretArn: missing; a server at ledger.example.com needs it: migrations log in by it",
    ],
    [
      "tokens for a server without a name in permissions",
      { ledger: { postgres: without("resourceId") } },
      "postgres.resourceId: missing; permissions to connect by ledger.postgres.authentication: iam name it",
    ],
    [
      "logins without any proof elsewhere",
      { ledger: { postgres: { ...ELSEWHERE, authentication: "none" } } },
      'postgres.authentication: "none" does not fit; use none for a server on the same machine, iam or secret for any other',
    ],
    [
      "tokens for a server on the same machine",
      { ledger: { postgres: { ...HERE, authentication: "iam" } }, glue: INSTALLED },
      'postgres.authentication: "iam" does not fit; use none for a server on the same machine, iam or secret for any other',
    ],
    [
      "plain text over a network",
      { ledger: { postgres: { tls: "disable" } } },
      'postgres.tls: "disable" shows passwords and tokens to the network; use verify-full or require',
    ],
    [
      "no room to grow",
      { ledger: { postgres: { storageGigabytes: 200, maximumStorageGigabytes: 210 } } },
      "postgres.maximumStorageGigabytes: 210 GB leave no room to grow; use at least 220, a tenth more than ledger.postgres.storageGigabytes",
    ],
    [
      "a run that ends before its last batch",
      { ledger: { batch: { budgetMinutes: 60, timeoutMinutes: 60 } } },
      "batch.timeoutMinutes: 60 min end a run in the middle of its last batch; use more than ledger.batch.budgetMinutes, 60",
    ],
    [
      "fewer workers at most than at least",
      { ledger: { batch: { workers: { number: 4, maximum: 3 } } } },
      "batch.workers.maximum: 3 is less than ledger.batch.workers.number; use at least 4",
    ],
    [
      "workers that would never be added",
      { ledger: { batch: { workers: { maximum: 5 } } } },
      "batch.slots: 0 is the cores that there are at the start, for which no worker is ever added; use 16 for 5 workers of 4 cores, the driver left out",
    ],
    [
      "years that end before they begin",
      { ledger: { batch: { firstYear: 2025, lastYear: 2024 } } },
      "batch.lastYear: 2024 is before ledger.batch.firstYear; use at least 2025",
    ],
  ])("reject %s", (_, data, message) => {
    expect(problemsOf(data)).toEqual([`prod.ledger.${message}`]);
  });

  test("reject a single zone, in which RDS makes no server", () => {
    expect(problemsOf({ network: { ...MINIMAL.network, zones: ["a"] } })).toEqual([
      'prod.network.zones: ["a"] is one zone, and RDS wants subnets in two; add one',
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
      'prod.network.cidr: "10.0.0.0/22" has 59 addresses for each subnet, and one may need 67: its interface endpoints, the ledger\'s server, functions, and workers of all runs; use a larger block',
    ]);
    expect(problemsOf({ network, ledger: { postgres: HERE }, glue: INSTALLED })).toEqual([]);
  });

  test("reject private subnets without the endpoints that PostgreSQL's clients call", () => {
    const network = { ...MINIMAL.network, interfaceEndpoints: ["logs", "monitoring", "events", "glue"] };
    expect(problemsOf({ network })).toEqual([
      "prod.network.interfaceEndpoints: lacks secretsmanager, kms, sts, which what speaks to PostgreSQL calls from private subnets; add them, or use network.egress: nat",
    ]);
  });

  test("reject processed files that are archived before they are tiered", () => {
    const lifecycle = { raw: { tieringDays: 30 }, processed: { archiveDays: 30 } };
    expect(problemsOf({ storage: { lifecycle } })).toEqual([
      "prod.storage.lifecycle.processed.archiveDays: 30 days are over before a file moves to Intelligent-Tiering, to which no archive leads back; use more than storage.lifecycle.raw.tieringDays, 30",
    ]);
  });

  test("reject processed files that expire before they are archived", () => {
    const lifecycle = { processed: { archiveDays: 30, expireDays: 30 } };
    expect(problemsOf({ storage: { lifecycle } })).toEqual([
      "prod.storage.lifecycle.processed.expireDays: 30 days are over before a file is archived; use more than storage.lifecycle.processed.archiveDays, 30",
    ]);
  });
});
