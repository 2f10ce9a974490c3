/** Rules between the ledger's settings, and between these and others. */
import { WORKERS } from "../../runtime/glue-workers";
import { VERIFIED_REGIONS } from "../../runtime/ledger/authorities";
import { calledServices, type Pipeline } from "./pipelines";
import type { Lookup, Rule } from "./rule";
import { LISTER_WORKERS, workersAt } from "./workers";

const POSTGRES = "ledger.postgres";
const HOST = `${POSTGRES}.host`;
const SERVER = `${POSTGRES}.server`;
const AUTHENTICATION = `${POSTGRES}.authentication`;
const DEPENDENCIES = "glue.dependencies";
const ENDPOINTS = "network.interfaceEndpoints";
const PRIVATE_JOBS = "network.privateJobs";
const PIPELINES = "pipelines";
const UPLOADS_WORKERS = "uploads.workers.maximum";
const STREAM_WORKERS = "manifests.workers.number";
const SCHEDULED = "ledger.scheduled";
const ARCHIVE = "ledger.batch.archive";
const EXISTING = "storage.raw.existing";
const RATE = "ledger.batch.rateMinutes";
const BATCH_WORKERS = "ledger.batch.workers";
const MAX_WORKERS = `${BATCH_WORKERS}.maximum`;
const PROFILES = "glue.profiles";
const RUNS = "ledger.batch.concurrentRuns";
const PROCESSED = "storage.lifecycle.processed";
const TIERING = "storage.lifecycle.raw.tieringDays";

const NOT_MANAGED = `nothing (it is of another server than the managed one; leave it out, or use ${SERVER}: existing)`;

const MIN_RDS_PORT = 1150;

/** Number of addresses for a server and the one that replaces it, and an interface for all functions. */
const SERVER_AND_FUNCTIONS = 3;

export const LEDGER_RULES: readonly Rule[] = [
  {
    path: ARCHIVE,
    against: [EXISTING],
    expected: (value) =>
      value(EXISTING) !== undefined && value(ARCHIVE) !== "tag"
        ? `tag (${EXISTING}: nothing is written to or deleted from a bucket of somebody else's)`
        : undefined,
  },
  {
    path: HOST,
    against: [SERVER, DEPENDENCIES],
    expected: (value) => {
      if (value(SERVER) === "managed") return value(HOST) === undefined ? undefined : NOT_MANAGED;
      return !lacksHost(value)
        ? undefined
        : `a host name or address (${SERVER} is existing; with ${DEPENDENCIES}: preinstalled, libpq's PGHOST may name it)`;
    },
  },
  ...["cidr", "resourceId", "secretArn", "secretKeyArn"].map(
    (name): Rule => ({
      path: `${POSTGRES}.${name}`,
      against: [SERVER],
      expected: (value) =>
        value(SERVER) === "managed" && value(`${POSTGRES}.${name}`) !== undefined ? NOT_MANAGED : undefined,
    }),
  ),
  ...[
    ["cidr", "the addresses of the server (what runs in the VPC may reach only these)"] as const,
    ["secretArn", "the ARN of the secret that migrations log in by"] as const,
  ].map(
    ([name, wanted]): Rule => ({
      path: `${POSTGRES}.${name}`,
      against: [SERVER, HOST],
      expected: (value) =>
        isElsewhere(value) && value(`${POSTGRES}.${name}`) === undefined ? wanted : undefined,
    }),
  ),
  {
    path: `${POSTGRES}.resourceId`,
    against: [SERVER, HOST, AUTHENTICATION],
    expected: (value) =>
      isElsewhere(value) && value(AUTHENTICATION) === "iam" && value(`${POSTGRES}.resourceId`) === undefined
        ? `the server's RDS resource id (permissions to connect by ${AUTHENTICATION}: iam name it)`
        : undefined,
  },
  {
    path: AUTHENTICATION,
    against: [SERVER, HOST, DEPENDENCIES],
    expected: (value) =>
      lacksHost(value) || (value(AUTHENTICATION) === "none") === isHere(value)
        ? undefined
        : `${isHere(value) ? "none" : "iam or secret"} (the server is ${isHere(value) ? "" : "not "}on the same machine)`,
  },
  {
    path: `${POSTGRES}.tls`,
    against: [SERVER, HOST],
    expected: (value) =>
      value(`${POSTGRES}.tls`) === "disable" && !isHere(value)
        ? "verify-full or require (passwords and tokens go over a network)"
        : undefined,
  },
  {
    path: `${POSTGRES}.tls`,
    against: [SERVER, HOST, "region"],
    expected: (value) => {
      const region = serverRegion(value);
      return value(`${POSTGRES}.tls`) === "verify-full" &&
        !isHere(value) &&
        !VERIFIED_REGIONS.includes(region)
        ? `require, or a server in another region (the certificates of RDS's authorities in ${region} are not at hand: docs/security.md says how to add them)`
        : undefined;
    },
  },
  {
    path: `${POSTGRES}.port`,
    against: [SERVER],
    expected: (value) =>
      value(SERVER) === "managed" && Number(value(`${POSTGRES}.port`)) < MIN_RDS_PORT
        ? `at least ${MIN_RDS_PORT} (RDS gives no lower port)`
        : undefined,
  },
  {
    path: `${POSTGRES}.maximumStorageGigabytes`,
    against: [SERVER, `${POSTGRES}.storageGigabytes`],
    expected: (value) => {
      const storage = Number(value(`${POSTGRES}.storageGigabytes`));
      // RDS refuses less
      const least = storage + Math.ceil(storage / 10);
      const most = Number(value(`${POSTGRES}.maximumStorageGigabytes`));
      return value(SERVER) === "managed" && most < least
        ? `at least ${least} (a tenth more than ${POSTGRES}.storageGigabytes, to have room to grow)`
        : undefined;
    },
  },
  {
    path: "network.zones",
    against: [SERVER, PIPELINES],
    expected: (value) =>
      hasPipeline(value, "ledger") &&
      value(SERVER) === "managed" &&
      (value("network.zones") as readonly string[]).length < 2
        ? "at least 2 zones (RDS wants subnets in two)"
        : undefined,
  },
  {
    path: "network.cidr",
    against: [
      SERVER,
      HOST,
      ENDPOINTS,
      MAX_WORKERS,
      RUNS,
      PRIVATE_JOBS,
      UPLOADS_WORKERS,
      STREAM_WORKERS,
      PIPELINES,
    ],
    expected: (value) => {
      const [free, needed] = [freeAddresses(value), neededAddresses(value)];
      const what = hasPipeline(value, "ledger")
        ? "the ledger's server, functions, and workers of all runs"
        : "workers of all runs";
      return calledBy(value).length > 0 && free < needed
        ? `a larger block (each of its sixteen subnets has ${free} addresses, and one may need ${needed}: for interface endpoints, ${what})`
        : undefined;
    },
  },
  {
    path: ENDPOINTS,
    against: ["network.egress", PRIVATE_JOBS, SERVER, HOST, PIPELINES],
    expected: (value) => {
      if (value("network.egress") === "nat") return undefined;
      const listed = value(ENDPOINTS) as readonly string[];
      const lacking = calledBy(value).filter((each) => !listed.includes(each));
      const who =
        value(PRIVATE_JOBS) === true ? `all jobs: ${PRIVATE_JOBS}` : "all that speaks to PostgreSQL";
      return lacking.length > 0
        ? `a list with ${lacking.join(", ")} (called from the private subnets of ${who}), or network.egress: nat`
        : undefined;
    },
  },
  {
    path: MAX_WORKERS,
    against: ["ledger.batch.workers.number"],
    expected: (value) =>
      Number(value(MAX_WORKERS)) < Number(value("ledger.batch.workers.number"))
        ? `at least ${value("ledger.batch.workers.number")} (ledger.batch.workers.number)`
        : undefined,
  },
  {
    path: "ledger.batch.slots",
    against: [BATCH_WORKERS, PROFILES],
    expected: (value) => {
      const { type, number, maximum, coresOfTask } = workersAt(value, BATCH_WORKERS);
      const { cores } = WORKERS[type];
      return value("ledger.batch.slots") === 0 && maximum > number
        ? `a number such as ${(cores / coresOfTask) * (maximum - 1)} (${maximum} workers of ${cores} cores, the driver left out: for the cores at the start, which 0 means, no worker is ever added)`
        : undefined;
    },
  },
  {
    path: "ledger.oldestClaimableMinutes",
    against: [SCHEDULED, RATE],
    expected: (value) =>
      value(SCHEDULED) === true && Number(value("ledger.oldestClaimableMinutes")) <= Number(value(RATE))
        ? `more than ${value(RATE)} (${RATE}: until then the batch job may not be started)`
        : undefined,
  },
  {
    path: "ledger.batch.timeoutMinutes",
    against: ["ledger.batch.budgetMinutes"],
    expected: (value) =>
      Number(value("ledger.batch.timeoutMinutes")) <= Number(value("ledger.batch.budgetMinutes"))
        ? `more than ${value("ledger.batch.budgetMinutes")} (ledger.batch.budgetMinutes: a run ends its last batch after that)`
        : undefined,
  },
  {
    path: "ledger.batch.lastYear",
    against: ["ledger.batch.firstYear"],
    expected: (value) =>
      Number(value("ledger.batch.lastYear")) < Number(value("ledger.batch.firstYear"))
        ? `at least ${value("ledger.batch.firstYear")} (ledger.batch.firstYear)`
        : undefined,
  },
  {
    path: `${PROCESSED}.archiveDays`,
    against: [TIERING],
    expected: (value) => {
      const archived = value(`${PROCESSED}.archiveDays`);
      return archived !== undefined && Number(archived) <= Number(value(TIERING))
        ? `more than ${value(TIERING)} (${TIERING}: no archive leads back to Intelligent-Tiering)`
        : undefined;
    },
  },
  {
    path: `${PROCESSED}.expireDays`,
    against: [`${PROCESSED}.archiveDays`],
    expected: (value) => {
      const [archived, expired] = [value(`${PROCESSED}.archiveDays`), value(`${PROCESSED}.expireDays`)];
      return archived !== undefined && expired !== undefined && Number(expired) <= Number(archived)
        ? `more than ${archived} (${PROCESSED}.archiveDays)`
        : undefined;
    },
  },
];

/** Returns whether the server is on the machine of its clients. */
function isHere(value: Lookup): boolean {
  return value(SERVER) === "existing" && value(HOST) === undefined;
}

/** Returns whether the server's host is forgotten: where it is cannot be told. */
function lacksHost(value: Lookup): boolean {
  return isHere(value) && value(DEPENDENCIES) !== "preinstalled";
}

function isElsewhere(value: Lookup): boolean {
  return value(SERVER) === "existing" && value(HOST) !== undefined;
}

/** Finds the region of the server: its host's, where RDS named it, or the environment's own. */
function serverRegion(value: Lookup): string {
  const [, region] = /\.([a-z0-9-]+)\.rds\.amazonaws\.com$/.exec(String(value(HOST))) ?? [];
  return region ?? String(value("region"));
}

/**
 * Number of free addresses of a subnet, a sixteenth of the VPC's block; AWS reserves five.
 *
 * @see https://docs.amazonaws.cn/goto/SdkForKotlin/ec2-2016-11-15/CreateSubnet (2026-11-29)
 */
function freeAddresses(value: Lookup): number {
  const [, length] = String(value("network.cidr")).split("/");
  return 2 ** (32 - Number(length) - 4) - 5;
}

/**
 * Number of addresses needed in the fullest subnet: Glue puts all workers of a run into one, and maybe those
 * of all runs.
 */
function neededAddresses(value: Lookup): number {
  const ofLedger =
    SERVER_AND_FUNCTIONS + Number(value(MAX_WORKERS)) * Number(value(RUNS)) + LISTER_WORKERS.number;
  const ofJob = (pipeline: Pipeline, workers: string) =>
    value(PRIVATE_JOBS) === true && hasPipeline(value, pipeline) ? Number(value(workers)) : 0;
  return (
    (value(ENDPOINTS) as readonly string[]).length +
    (hasPipeline(value, "ledger") ? ofLedger : 0) +
    ofJob("uploads", UPLOADS_WORKERS) +
    ofJob("manifests", STREAM_WORKERS)
  );
}

/** Services that are called from the private subnets. */
function calledBy(value: Lookup): readonly string[] {
  return calledServices({
    pipelines: value(PIPELINES) as Pipeline[],
    privateJobs: value(PRIVATE_JOBS) === true,
    serverIsHere: isHere(value),
  });
}

function hasPipeline(value: Lookup, pipeline: Pipeline): boolean {
  return (value(PIPELINES) as readonly Pipeline[]).includes(pipeline);
}
