import { type Environment, MONTH_HOURS } from "../../../environments/schema";
import { PRICES } from "../../../runtime/prices/table";
import { noted, priced, sum } from "./amount";
import { type Cost, costs, type Work, workOf } from "./cost";
import { manifestsOf, sweepsOf } from "./manifests-load";
import { LOG_KILOBYTES, POLLERS, ROW_DAYS, ROW_KILOBYTES } from "./measured";

/** Messages of a receive or a delete at most. */
const BATCH = 10;
/** Seconds of a receive that waits for a message. */
const LONG_POLL_SECONDS = 20;
/** Requests for a manifest's message: sent, received, kept hidden, deleted. */
const MESSAGE_REQUESTS = 4;
/** Writes of a file to the tracking table, and to its index: a claim, a completion; into `open`, out of it. */
const WRITES = 2;
/** Writes for a manifest to the metrics table: a transaction of two, each counted double. */
const COUNTS = 4;
/** Objects of a manifest: itself, its receipt, its Parquet. */
const OBJECTS = 3;
/** Rows of 0.75 KB that one read unit covers, read in a range that may lag. */
const ROWS_A_UNIT = 10;

/** What is paid for the pipeline's queues though nothing comes: polls of Lambda and of the streaming job. */
export function manifestsPolls(environment: Environment): Cost[] {
  const polls = (MONTH_HOURS * 3600) / LONG_POLL_SECONDS;
  const looks = (MONTH_HOURS * 3600) / environment.manifests.pollSeconds;
  const amount = priced(PRICES.queueRequest, [POLLERS * polls + looks, "receives"]);
  const control = priced(PRICES.tableRead, [looks, "looks at the control table"]);
  const place = { pipeline: "manifests", by: "time" } as const;
  return [
    ...costs({ ...place, layer: "compute" }, { "SQS: polls": amount }),
    ...costs({ ...place, layer: "ledger" }, { "DynamoDB: control": control }),
  ];
}

/** What manifests cost as files come, without their storage. */
export function manifestsCosts(environment: Environment): Cost[] {
  const { files } = workOf(environment, "manifests");
  if (files === 0) return [];
  const manifests = manifestsOf(environment);
  const place = { pipeline: "manifests", by: "files" } as const;
  const { enabled } = environment.storage.audit;
  const { pages } = sweepsOf(environment).together;
  return [
    ...costs(
      { ...place, layer: "storage" },
      {
        "S3: uploads": priced(PRICES.put, [files, "PUT"]),
        "S3: reads": priced(PRICES.get, [files, "GET"]),
        "S3: listings of manifests-reconciler": priced(PRICES.put, [pages, "pages"]),
        "S3: manifests, receipts, Parquet": sum(
          priced(PRICES.put, manifests, [OBJECTS, "PUT"]),
          priced(PRICES.get, manifests, [OBJECTS, "GET"]),
        ),
        "S3: rows of the audit": enabled ? auditRows(manifests) : undefined,
      },
    ),
    ...costs({ ...place, layer: "ledger" }, tableCosts(environment, files, manifests)),
    ...costs(
      { ...place, layer: "compute" },
      {
        "SQS: manifests-inputs": inputQueue(files),
        "SQS: manifests-ready": priced(PRICES.queueRequest, manifests, [MESSAGE_REQUESTS, "requests"]),
        "EventBridge: events": noted(priced(PRICES.event, [manifests, "manifests"]), "at most one each"),
        "CloudWatch: logs": priced(PRICES.logs, [(manifests * LOG_KILOBYTES) / 1e6, "GB"]),
      },
    ),
  ];
}

function inputQueue(files: number) {
  const requests = priced(PRICES.queueRequest, [files, "sends"]);
  const batches = priced(PRICES.queueRequest, [(2 * files) / BATCH, "receives and deletes of ten"]);
  const more = priced(PRICES.queueRequest, files - files / BATCH).dollars;
  return noted(sum(requests, batches), `${more.toFixed(2)} more where each receive brings one message`);
}

function tableCosts(environment: Environment, files: number, manifests: number) {
  const gigabytes = trackingGigabytes(workOf(environment, "manifests"));
  const { compared } = sweepsOf(environment).together;
  return {
    "DynamoDB: writes to the tracking table": priced(PRICES.tableWrite, files, [WRITES, "writes"]),
    "DynamoDB: writes to its index": priced(PRICES.tableWrite, files, [WRITES, "writes"]),
    "DynamoDB: storage and backups": trackingStorage(gigabytes, environment.ledger.pointInTimeRecovery),
    "DynamoDB: reads of manifests-reconciler": priced(PRICES.tableRead, [
      compared / ROWS_A_UNIT,
      "reads of ten rows",
    ]),
    "DynamoDB: metrics": priced(PRICES.tableWrite, manifests, [COUNTS, "writes"]),
  };
}

/** Gigabytes of the tracking table, which forgets a file 30 days after its end. */
export function trackingGigabytes({ files }: Work): number {
  const days = MONTH_HOURS / 24;
  return (files * Math.min(1, ROW_DAYS / days) * ROW_KILOBYTES) / 1e6;
}

/** Cost of so many gigabytes of a table, with recovery to any second or without. */
export function trackingStorage(gigabytes: number, isRecoverable: boolean) {
  const kept = priced(PRICES.tableStorage, [gigabytes, "GB"]);
  return isRecoverable ? sum(kept, priced(PRICES.tableRecovery, [gigabytes, "GB"])) : kept;
}

function auditRows(manifests: number) {
  return sum(priced(PRICES.put, [manifests, "PUT"]), priced(PRICES.get, [manifests, "GET"]));
}
