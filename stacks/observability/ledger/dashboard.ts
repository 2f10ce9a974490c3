import {
  type Environment,
  ledgerBatchJobName,
  ledgerListerJobName,
  ledgerServerName,
  metricNamespace,
} from "../../../environments/schema";
import { type Metric, type Widget, widget } from "../widgets";

/** Widgets of the ledger pipeline: its backlog, its throughput, its failures, its jobs and its server. */
export function ledgerWidgets(environment: Environment): Widget[] {
  return [
    ...ownWidgets(environment),
    ...jobWidgets(environment),
    ...(environment.ledger.postgres.server === "managed" ? serverWidgets(environment) : []),
  ];
}

function ownWidgets(environment: Environment): Widget[] {
  const own = (name: string): Metric => [metricNamespace(environment), name, "Environment", environment.name];
  return [
    widget("Ledger: files that wait", "Maximum", [own("LedgerQueuedFiles")]),
    widget("Ledger: oldest claimable file, seconds", "Maximum", [own("LedgerOldestClaimableSeconds")]),
    widget("Ledger: files announced, registered, published", "Sum", [
      own("LedgerFilesAnnounced"),
      own("LedgerFilesRegistered"),
      own("LedgerFiles"),
    ]),
    widget("Ledger: rows", "Sum", [own("LedgerRows")]),
    widget("Ledger: bytes in and out", "Sum", [own("LedgerInputBytes"), own("LedgerOutputBytes")]),
    widget("Ledger: dead letters", "Sum", [own("LedgerDeadLetters")]),
    widget("Ledger: failed and quarantined files, keys that no row can hold", "Maximum", [
      own("LedgerFailedFiles"),
      own("LedgerQuarantinedFiles"),
      own("LedgerRefusedKeys"),
    ]),
    widget("Ledger: lease take-overs and unpublished commits", "Maximum", [
      own("LedgerLeaseTakeovers"),
      own("LedgerUnpublishedCommits"),
    ]),
    widget("Ledger: oldest transaction, seconds", "Maximum", [own("LedgerOldestTransactionSeconds")]),
  ];
}

function jobWidgets(environment: Environment): Widget[] {
  const ofJob = (job: string, name: string): Metric => [
    "Glue",
    name,
    "JobName",
    job,
    "JobRunId",
    "ALL",
    "Type",
    "count",
  ];
  const jobs = [ledgerListerJobName(environment), ledgerBatchJobName(environment)];
  return [
    widget(
      "Ledger: job execution time, milliseconds",
      "Sum",
      jobs.map((job) => ofJob(job, "glue.driver.aggregate.elapsedTime")),
    ),
  ];
}

function serverWidgets(environment: Environment): Widget[] {
  const ofServer = (name: string): Metric => [
    "AWS/RDS",
    name,
    "DBInstanceIdentifier",
    ledgerServerName(environment),
  ];
  return [
    widget("Ledger: PostgreSQL processor, percent", "Average", [ofServer("CPUUtilization")]),
    widget("Ledger: PostgreSQL connections", "Maximum", [ofServer("DatabaseConnections")]),
    widget("Ledger: PostgreSQL free storage, bytes", "Average", [ofServer("FreeStorageSpace")]),
    widget("Ledger: PostgreSQL reads and writes a second", "Average", [
      ofServer("ReadIOPS"),
      ofServer("WriteIOPS"),
    ]),
  ];
}
