import { z } from "zod";
import { ceiling, choice, flag, integer, numberChoice, text, whole } from "./kinds";
import { maximumWorkers, workerSettings } from "./workers";

/** Major version of every PostgreSQL server of the platform, the local one's too. */
export const POSTGRES_VERSION = "18";

const postgres = z.strictObject({
  server: choice(["managed", "existing"], {
    description: "`managed`: RDS for PostgreSQL, made here; `existing`: the one at `host`.",
  }).default("managed"),
  instanceClass: text(/^db\.[a-z0-9-]+\.[a-z0-9]+$/, "an instance class such as db.t4g.medium", {
    description:
      "Size of the managed server; another one comes in its maintenance window, on Sundays from 05:30 UTC.",
  }).default("db.t4g.medium"),
  storageGigabytes: whole(20, 65_536, "GB", {
    description: "Storage (gp3) that the managed server begins with; a ledger takes about 400 bytes a file.",
  }).default(100),
  maximumStorageGigabytes: whole(22, 65_536, "GB", {
    description: "Storage up to which the managed server grows by itself.",
  }).default(500),
  multiZone: flag({
    description: "The managed server has a standby in another zone, which takes over by itself.",
  }).default(true),
  backupDays: whole(1, 35, "days", {
    description: "Days that the managed server can be restored to any second of.",
  }).default(14),
  performanceInsights: flag({
    description: "Keeps seven days of the managed server's load by statement, free of charge.",
  }).default(true),
  monitoringSeconds: numberChoice([0, 1, 5, 10, 15, 30, 60], "s", {
    description:
      "Interval at which RDS reports the processes, memory and disks of the managed server's machine, in the log group RDSOSMetrics; 0: not at all.",
  }).default(0),
  finalSnapshot: flag({
    description:
      "A managed server that is destroyed leaves a last snapshot, under a name of its own each time.",
  }).default(true),
  host: text(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i, "a host name or address", {
    description:
      "Of an existing server; absent with `glue.dependencies: preinstalled`: as libpq's PGHOST says.",
  }).optional(),
  port: integer(1, 65_535, { description: "Port of the server." }).default(5432),
  cidr: text(/^(\d{1,3}\.){3}\d{1,3}\/([89]|[12]\d|3[0-2])$/, "a block such as 10.9.0.0/24, /8 or smaller", {
    description: "Addresses of an existing server: what runs in the VPC may reach these.",
  }).optional(),
  resourceId: text(/^(db|cluster)-[A-Z0-9]+$/, "an RDS resource id such as db-ABCDEFGH", {
    description: "Of an existing RDS server with `authentication: iam`.",
  }).optional(),
  database: text(/^[a-z][a-z0-9_]{0,62}$/, "up to 63 lower-case letters, digits and underscores", {
    description: "Database of the ledger.",
  }).default("tributary"),
  authentication: choice(["iam", "secret", "none"], {
    description:
      "`iam`: each job and function has a login of its own and shows a token of its role; `secret`: all log in by the secret; `none`: by name alone, on a server on the same machine.",
  }).default("iam"),
  secretArn: text(/^arn:aws:secretsmanager:[a-z0-9-]+:\d{12}:secret:\S+$/, "the ARN of a secret", {
    description:
      "Secret with `username` and `password` of an existing server, which the migrations use in any case.",
  }).optional(),
  secretKeyArn: text(/^arn:aws:kms:[a-z0-9-]+:\d{12}:key\/\S+$/, "the ARN of a KMS key", {
    description: "Key of an existing server's secret; absent: AWS's own.",
  }).optional(),
  tls: choice(["verify-full", "require", "disable"], {
    description:
      "`verify-full`: the server shows a certificate of Amazon's authorities for RDS; `require`: any; `disable`: none.",
  }).default("verify-full"),
});

const lister = z.strictObject({
  hour: whole(0, 23, "h UTC", {
    description:
      "Hour of the day at which the workflow starts: the lister, whose success starts the batch job.",
  }).default(2),
  startYear: integer(2000, 2100, {
    description: "First year of the weekly folders that are listed.",
  }).default(2021),
  recentWeeks: whole(0, 520, "weeks", {
    description:
      "Weekly folders that a run lists, the newest; 0: all since `startYear`. The historical folder is listed in any case.",
  }).default(0),
  timeoutMinutes: whole(5, 2880, "min", {
    description:
      "Time limit of a run of the lister. After nine tenths of it the run ends by itself, and the next one goes on there.",
  }).default(240),
});

const batchWorkers = workerSettings("glueetl", {
  job: "the batch job",
  number: "Workers of a run of the batch job, the driver's included.",
}).extend({
  maximum: maximumWorkers(
    "Maximum workers of a run; above `number`, Glue's auto scaling adds them as batches wait, so a run that finds nothing costs little. Then `slots` says how many batches there may be.",
  ),
});

const batch = z.strictObject({
  rateMinutes: numberChoice([5, 10, 15, 20, 30, 60], "min", {
    description: "Time between two starts of the batch job; one that finds nothing to do ends immediately.",
  }).default(15),
  workers: batchWorkers.prefault({}),
  concurrentRuns: whole(1, 30, "runs", {
    description:
      "Concurrent runs of the batch job; a start beyond them is refused, which is no failure. Each takes two of the managed server's 100 connections, hence the limit.",
  }).default(1),
  engine: choice(["spark", "pool"], {
    description: "`spark` spreads batches over Glue's workers; `pool` over processes of one machine.",
  }).default("spark"),
  slots: whole(0, 1000, "batches", {
    description: "Concurrent batches of a run; 0: as many as there are cores.",
  }).default(0),
  files: whole(1, 100_000, "files", {
    description: "Maximum files of a batch.",
  }).default(10_000),
  megabytes: whole(1, 100_000, "MB", {
    description: "Maximum input of a batch, in bytes of the objects in S3.",
  }).default(2000),
  objectMegabytes: whole(1, 5000, "MB", {
    description: "Target size of a Parquet object.",
  }).default(256),
  leaseSeconds: whole(5, 3600, "s", {
    description: "A batch not renewed for this long is free for another run.",
  }).default(300),
  maximumAttempts: whole(1, 20, "attempts", {
    description: "Attempts at one batch before it is FAILED, which an operator releases.",
  }).default(5),
  budgetMinutes: whole(1, 2820, "min", {
    description: "Time after which a run claims no further batch.",
  }).default(60),
  timeoutMinutes: whole(2, 2880, "min", {
    description: "Time limit of a run of the batch job, what it claimed last included.",
  }).default(120),
  maximumRunDollars: ceiling({
    description:
      "What a run of the batch job may cost, with `workers.maximum` workers busy until `timeoutMinutes`.",
  }),
  childMegabytes: whole(256, 65_536, "MB", {
    description: "Memory of the child process that reads a file which is suspected to kill its reader.",
  }).default(1024),
  firstYear: integer(1970, 2100, {
    description: "First year of events that the table shows; a row of an earlier one is a dead letter.",
  }).default(2021),
  lastYear: integer(1970, 2100, {
    description: "Last year of events that the table shows; a row of a later one is a dead letter.",
  }).default(2030),
  archive: choice(["move", "tag"], {
    description:
      "`move`: a processed file is copied to the processed prefix and its version deleted; `tag`: it stays and gets a tag, which costs no COPY.",
  }).default("move"),
});

export const ledger = z.strictObject({
  pointInTimeRecovery: flag({
    description: "Continuous backups of the tables: each can be restored to any second of the last 35 days.",
  }).default(true),
  scheduled: flag({
    description:
      "Lister and batch job start by the clock; without, by hand: Glue's StartWorkflowRun and StartJobRun. The lister's success starts the batch job in any case.",
  }).default(true),
  postgres: postgres.prefault({}),
  lister: lister.prefault({}),
  batch: batch.prefault({}),
  // with six time limits of the registrar no more than its messages are hidden for, as Lambda asks
  registrationSeconds: whole(1, 180, "s", {
    description:
      "Maximum time that S3's announcements of raw JSON files are gathered before the files are registered.",
  }).default(10),
  oldestClaimableMinutes: whole(16, 10_080, "min", {
    description: "A raw JSON file that could be claimed and waits for longer raises an alarm.",
  }).default(240),
  oldestTransactionMinutes: whole(5, 1440, "min", {
    description:
      "A transaction in PostgreSQL that is open for longer raises an alarm: it keeps dead rows from being cleaned.",
  }).default(60),
});
