import { PRICES } from "../../../runtime/prices/table";
import { about, tableOf, usd } from "./tables";

/** Hours of the reference's month, and what it counts on for it. */
const HOURS = 720;
const FILES = 200_000 * HOURS;
const GIGABYTES = 500_000;
/** Workers G.2X, of two DPU each, and GB an hour that they could carry. */
const WORKERS = 10;
const CARRIED = 120;
const WANTED = 700;
/** Writes of a file: to the table, and to its index by status, which takes an entry out and puts one in at each change. */
const WRITES = 3 + 5;
/** The reference's own figures. */
const REFERENCE = {
  sqs: 58,
  lambda: 105,
  glue: 3168,
  storage: 11_500,
  dynamodb: 20,
  cloudwatch: 15,
} as const;

/** Section that puts the figures right which the reference implementation came with. */
export function referenceSection(): string {
  const { glueHour, queueRequest, tableWrite, put, get, storageFirst } = PRICES;
  const right = {
    sqs: (FILES * 1.2 * queueRequest.dollars) / queueRequest.per,
    lambda: REFERENCE.lambda,
    glue: WORKERS * 2 * glueHour.dollars * HOURS,
    storage: GIGABYTES * storageFirst.dollars,
    requests: (FILES * (put.dollars + get.dollars)) / put.per,
    dynamodb: (FILES * WRITES * tableWrite.dollars) / tableWrite.per,
    cloudwatch: REFERENCE.cloudwatch,
  };
  const enough = (right.glue * WANTED) / CARRIED;
  const sum = Object.values(right).reduce((total, each) => total + each, 0);
  const ofReference = Object.values(REFERENCE).reduce((total: number, each) => total + each, 0);
  const same = "as in the reference";
  return `## The reference's figures put right

They are for a month of ${HOURS} hours, and for ten workers that could carry ${CARRIED} GB an hour at most, a sixth of the load.

${tableOf(
  ["", "reference, USD", "right, USD", "why"],
  [
    [
      "SQS",
      usd(REFERENCE.sqs),
      usd(right.sqs),
      "144 M sends; receives and deletes of ten each were left out",
    ],
    ["Lambda", usd(REFERENCE.lambda), usd(right.lambda), same],
    [
      "Glue streaming",
      usd(REFERENCE.glue),
      usd(right.glue),
      `G.2X is 2 DPU: ${WORKERS} × 2 × ${glueHour.dollars} × ${HOURS}`,
    ],
    [
      `Glue streaming for ${WANTED} GB an hour`,
      "–",
      usd(enough),
      `${WANTED} ÷ ${CARRIED} times as many workers`,
    ],
    [
      "S3 storage",
      usd(REFERENCE.storage),
      usd(right.storage),
      `500 TB at ${storageFirst.dollars}; the Parquet beside it is not counted`,
    ],
    ["S3 requests", "–", usd(right.requests), "144 M PUT and GET"],
    [
      "DynamoDB",
      usd(REFERENCE.dynamodb),
      usd(right.dynamodb),
      `3 writes to the table and 5 to its index a file (an index by status takes an entry out and puts one in at each change): 1,152 M × ${tableWrite.dollars} a million`,
    ],
    ["CloudWatch", usd(REFERENCE.cloudwatch), usd(right.cloudwatch), same],
    [
      "**total**",
      `**${usd(ofReference)}**`,
      `**${about(sum)}**`,
      `and **${about(sum - right.glue + enough)}** with the workers that the load takes`,
    ],
  ],
)}`;
}
