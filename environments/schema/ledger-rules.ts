/** Rules between the ledger's settings, and between these and others. */
import type { Lookup, Rule } from "./rule";

const POSTGRES = "ledger.postgres";
const HOST = `${POSTGRES}.host`;
const SERVER = `${POSTGRES}.server`;
const AUTHENTICATION = `${POSTGRES}.authentication`;
const DEPENDENCIES = "glue.dependencies";
const ENDPOINTS = "network.interfaceEndpoints";
const SCHEDULED = "ledger.scheduled";
const RATE = "ledger.batch.rateMinutes";
const MAX_WORKERS = "ledger.batch.workers.maximum";
const RUNS = "ledger.batch.concurrentRuns";
const PROCESSED = "storage.lifecycle.processed";
const TIERING = "storage.lifecycle.raw.tieringDays";

const MIN_RDS_PORT = 1150;

const LISTER_WORKERS = 2;
/** Number of addresses for a server and the one that replaces it, and an interface for all functions. */
const SERVER_AND_FUNCTIONS = 3;

/**
 * Endpoints, in addition to S3, that jobs and functions in private subnets call: secrets, roles, and Glue's
 * own agents, which need a route to KMS for any job with a security configuration.
 */
const NEEDED_ENDPOINTS = ["secretsmanager", "kms", "sts", "logs", "monitoring", "events", "glue"];

export const LEDGER_RULES: readonly Rule[] = [
  {
    path: HOST,
    against: [SERVER, DEPENDENCIES],
    problem: (value) => {
      if (value(SERVER) === "managed")
        return value(HOST) === undefined
          ? undefined
          : `${JSON.stringify(value(HOST))} is another server than the managed one; leave it out, or use ${SERVER}: existing`;
      return value(HOST) !== undefined || value(DEPENDENCIES) === "preinstalled"
        ? undefined
        : `missing; an existing server has a host, unless ${DEPENDENCIES} is preinstalled and libpq's PGHOST names it`;
    },
  },
  ...["cidr", "resourceId", "secretArn", "secretKeyArn"].map(
    (name): Rule => ({
      path: `${POSTGRES}.${name}`,
      against: [SERVER],
      problem: (value) => {
        const given = value(`${POSTGRES}.${name}`);
        return value(SERVER) === "managed" && given !== undefined
          ? `${JSON.stringify(given)} is of another server than the managed one; leave it out, or use ${SERVER}: existing`
          : undefined;
      },
    }),
  ),
  ...["cidr", "secretArn"].map(
    (name): Rule => ({
      path: `${POSTGRES}.${name}`,
      against: [SERVER, HOST],
      problem: (value) =>
        isElsewhere(value) && value(`${POSTGRES}.${name}`) === undefined
          ? `missing; a server at ${value(HOST)} needs it: ${name === "cidr" ? "what runs in the VPC may reach only what is named" : "migrations log in by it"}`
          : undefined,
    }),
  ),
  {
    path: `${POSTGRES}.resourceId`,
    against: [SERVER, HOST, AUTHENTICATION],
    problem: (value) =>
      isElsewhere(value) && value(AUTHENTICATION) === "iam" && value(`${POSTGRES}.resourceId`) === undefined
        ? `missing; permissions to connect by ${AUTHENTICATION}: iam name it`
        : undefined,
  },
  {
    path: AUTHENTICATION,
    against: [SERVER, HOST],
    problem: (value) =>
      (value(AUTHENTICATION) === "none") === isHere(value)
        ? undefined
        : `${JSON.stringify(value(AUTHENTICATION))} does not fit; use none for a server on the same machine, iam or secret for any other`,
  },
  {
    path: `${POSTGRES}.tls`,
    against: [SERVER, HOST],
    problem: (value) =>
      value(`${POSTGRES}.tls`) === "disable" && !isHere(value)
        ? '"disable" shows passwords and tokens to the network; use verify-full or require'
        : undefined,
  },
  {
    path: `${POSTGRES}.port`,
    against: [SERVER],
    problem: (value) =>
      value(SERVER) === "managed" && Number(value(`${POSTGRES}.port`)) < MIN_RDS_PORT
        ? `${value(`${POSTGRES}.port`)} is one that RDS does not give; use ${MIN_RDS_PORT} or more`
        : undefined,
  },
  {
    path: `${POSTGRES}.maximumStorageGigabytes`,
    against: [SERVER, `${POSTGRES}.storageGigabytes`],
    problem: (value) => {
      const storage = Number(value(`${POSTGRES}.storageGigabytes`));
      // RDS refuses less
      const least = storage + Math.ceil(storage / 10);
      const most = Number(value(`${POSTGRES}.maximumStorageGigabytes`));
      return value(SERVER) === "managed" && most < least
        ? `${most} GB leave no room to grow; use at least ${least}, a tenth more than ${POSTGRES}.storageGigabytes`
        : undefined;
    },
  },
  {
    path: "network.zones",
    against: [SERVER],
    problem: (value) =>
      value(SERVER) === "managed" && (value("network.zones") as readonly string[]).length < 2
        ? `${JSON.stringify(value("network.zones"))} is one zone, and RDS wants subnets in two; add one`
        : undefined,
  },
  {
    path: "network.cidr",
    against: [SERVER, HOST, ENDPOINTS, MAX_WORKERS, RUNS],
    problem: (value) => {
      const [free, needed] = [freeAddresses(value), neededAddresses(value)];
      return !isHere(value) && free < needed
        ? `${JSON.stringify(value("network.cidr"))} has ${free} addresses for each subnet, and one may need ${needed}: its interface endpoints, the ledger's server, functions, and workers of all runs; use a larger block`
        : undefined;
    },
  },
  {
    path: ENDPOINTS,
    against: ["network.egress", SERVER, HOST],
    problem: (value) => {
      const lacking = NEEDED_ENDPOINTS.filter(
        (each) => !(value(ENDPOINTS) as readonly string[]).includes(each),
      );
      return value("network.egress") === "endpoints" && !isHere(value) && lacking.length > 0
        ? `lacks ${lacking.join(", ")}, which what speaks to PostgreSQL calls from private subnets; add them, or use network.egress: nat`
        : undefined;
    },
  },
  {
    path: MAX_WORKERS,
    against: ["ledger.batch.workers.number"],
    problem: (value) =>
      Number(value(MAX_WORKERS)) < Number(value("ledger.batch.workers.number"))
        ? `${value(MAX_WORKERS)} is less than ledger.batch.workers.number; use at least ${value("ledger.batch.workers.number")}`
        : undefined,
  },
  {
    path: "ledger.batch.slots",
    against: ["ledger.batch.workers.number", MAX_WORKERS],
    problem: (value) => {
      const most = Number(value(MAX_WORKERS));
      return value("ledger.batch.slots") === 0 && most > Number(value("ledger.batch.workers.number"))
        ? `0 is the cores that there are at the start, for which no worker is ever added; use ${4 * (most - 1)} for ${most} workers of 4 cores, the driver left out`
        : undefined;
    },
  },
  {
    path: "ledger.oldestClaimableMinutes",
    against: [SCHEDULED, RATE],
    problem: (value) =>
      value(SCHEDULED) === true && Number(value("ledger.oldestClaimableMinutes")) <= Number(value(RATE))
        ? `${value("ledger.oldestClaimableMinutes")} min may be over before the batch job is next started; use more than ${RATE}, ${value(RATE)}`
        : undefined,
  },
  {
    path: "ledger.batch.timeoutMinutes",
    against: ["ledger.batch.budgetMinutes"],
    problem: (value) =>
      Number(value("ledger.batch.timeoutMinutes")) <= Number(value("ledger.batch.budgetMinutes"))
        ? `${value("ledger.batch.timeoutMinutes")} min end a run in the middle of its last batch; use more than ledger.batch.budgetMinutes, ${value("ledger.batch.budgetMinutes")}`
        : undefined,
  },
  {
    path: "ledger.batch.lastYear",
    against: ["ledger.batch.firstYear"],
    problem: (value) =>
      Number(value("ledger.batch.lastYear")) < Number(value("ledger.batch.firstYear"))
        ? `${value("ledger.batch.lastYear")} is before ledger.batch.firstYear; use at least ${value("ledger.batch.firstYear")}`
        : undefined,
  },
  {
    path: `${PROCESSED}.archiveDays`,
    against: [TIERING],
    problem: (value) => {
      const archived = value(`${PROCESSED}.archiveDays`);
      return archived !== undefined && Number(archived) <= Number(value(TIERING))
        ? `${archived} days are over before a file moves to Intelligent-Tiering, to which no archive leads back; use more than ${TIERING}, ${value(TIERING)}`
        : undefined;
    },
  },
  {
    path: `${PROCESSED}.expireDays`,
    against: [`${PROCESSED}.archiveDays`],
    problem: (value) => {
      const [archived, expired] = [value(`${PROCESSED}.archiveDays`), value(`${PROCESSED}.expireDays`)];
      return archived !== undefined && expired !== undefined && Number(expired) <= Number(archived)
        ? `${expired} days are over before a file is archived; use more than ${PROCESSED}.archiveDays, ${archived}`
        : undefined;
    },
  },
];

/** Returns whether the server is on the machine of its clients. */
function isHere(value: Lookup): boolean {
  return value(SERVER) === "existing" && value(HOST) === undefined;
}

function isElsewhere(value: Lookup): boolean {
  return value(SERVER) === "existing" && value(HOST) !== undefined;
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
  const workers = Number(value(MAX_WORKERS)) * Number(value(RUNS)) + LISTER_WORKERS;
  return (value(ENDPOINTS) as readonly string[]).length + SERVER_AND_FUNCTIONS + workers;
}
