import { z } from "zod";
import { choice, flag, list, text, whole } from "./kinds";

/** Data buckets of an environment, by class. */
export const BUCKET_CLASSES = ["raw", "manifests", "curated", "quarantine", "artifacts"] as const;
export type BucketClass = (typeof BUCKET_CLASSES)[number];

function expiry(description: string) {
  return whole(1, 3650, "days", { description });
}

const noncurrentDays = expiry("Days that a replaced or deleted version is kept.");

const lifecycle = z.strictObject({
  raw: z
    .strictObject({
      tieringDays: whole(0, 365, "days", {
        description:
          "Age at which an input of uploads or manifests, or a processed file of the ledger, moves to Intelligent-Tiering.",
      }).default(0),
      expireDays: expiry(
        "Days that an input of uploads or manifests is kept; absent: for ever. One of the ledger is kept until it is processed.",
      ).optional(),
      noncurrentDays: noncurrentDays.default(90),
    })
    .prefault({}),
  processed: z
    .strictObject({
      archiveDays: expiry(
        "Days after which a processed raw JSON file moves to `archiveClass`; absent: never.",
      ).optional(),
      archiveClass: choice(["GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"], {
        description:
          "Class of archived raw JSON files. `GLACIER_IR` is read immediately, as a replay does; from the others it must be restored before.",
      }).default("GLACIER_IR"),
      expireDays: expiry(
        "Days that a processed raw JSON file is kept, from its move, or from its upload where it is tagged; absent: for ever.",
      ).optional(),
    })
    .prefault({}),
  manifests: z
    .strictObject({
      expireDays: whole(31, 3650, "days", {
        description:
          "Days that manifests and receipts are kept, longer than the 30 days that the tracking table remembers a finished file.",
      }).default(90),
      noncurrentDays: noncurrentDays.default(30),
    })
    .prefault({}),
  curated: z
    .strictObject({
      noncurrentDays: noncurrentDays.default(30),
      stagingDays: whole(7, 365, "days", {
        description:
          "Days that the staged objects of an attempt are kept, longer than a committed batch may wait to be published.",
      }).default(30),
    })
    .prefault({}),
  quarantine: z
    .strictObject({
      expireDays: expiry("Days that dead letters and copies of quarantined files are kept.").default(90),
      noncurrentDays: noncurrentDays.default(30),
    })
    .prefault({}),
  artifacts: z
    .strictObject({
      // a run of the streaming job lives for seven days, and a failed one may be started again
      unnamedDays: whole(14, 3650, "days", {
        description:
          "Days that the code of a job is kept after a deploy that names other code, longer than any run that still loads it.",
      }).default(30),
      noncurrentDays: noncurrentDays.default(90),
    })
    .prefault({}),
  results: z
    .strictObject({ expireDays: expiry("Days that the results of queries are kept.").default(7) })
    .prefault({}),
  accessLogs: z
    .strictObject({
      expireDays: expiry("Days that access logs are kept.").default(365),
      noncurrentDays: noncurrentDays.default(30),
    })
    .prefault({}),
});

/** Maximum that the control table has room for in an item: names have up to 255 bytes, an item 400 KB. */
const MAX_UNDECLARED_COLUMNS = 1_000;

/**
 * Bucket that was there before, whose owner says what becomes of its objects: nothing is set on it here.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html (2026-11-30)
 */
const existing = z.strictObject({
  bucket: text(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "the name of a bucket", {
    description:
      "Name of the raw bucket where it was there before, in the same account and region, with versioning on. It gets no policy, lifecycle or notification, for these would take the place of its owner's; absent: one is made.",
  }),
  keyArn: text(/^arn:aws:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/, "the ARN of a key", {
    description: "KMS key of that bucket's objects; absent: they are not encrypted under one.",
  }).optional(),
  events: text(
    /^(eventbridge|arn:aws:sns:[a-z0-9-]+:\d{12}:[\w-]+)$/,
    "eventbridge, or the ARN of a topic such as arn:aws:sns:us-east-1:111111111111:landing",
    {
      description:
        "Way of that bucket's events: `eventbridge`, which its owner has switched on for it, or the ARN of the topic that it notifies of created objects.",
    },
  ),
});

export const storage = z.strictObject({
  raw: z
    .strictObject({
      existing: existing.optional(),
      untakenMinutes: whole(1, 1440, "min", {
        description: "Interval at which objects of the raw bucket that no dataset takes are looked for.",
      }).default(60),
    })
    .prefault({}),
  audit: z
    .strictObject({
      enabled: flag({
        description:
          "Jobs write what becomes of each file, for the tables `tributary_files` and `tributary_runs`; without, the tables stay and get no more rows.",
      }).default(true),
      mergeMinutes: whole(1, 1440, "min", {
        description: "Interval at which new rows come into these tables.",
      }).default(15),
      retentionDays: expiry("Days that rows of these tables are kept.").default(400),
    })
    .prefault({}),
  undeclaredColumns: whole(0, MAX_UNDECLARED_COLUMNS, "columns", {
    description:
      "Columns that a table may have for keys that its dataset does not declare, of a text dataset for all keys; a file may bring a fifth of them. What comes beyond stands in the column `_other`.",
  }).default(500),
  queryGigabytes: whole(1, 1_000_000, "GB", {
    description: "Bytes that a query of the workgroup may scan; beyond them Athena cancels it.",
  }).default(1000),
  versioning: list(choice(BUCKET_CLASSES, { description: "" }), 1, BUCKET_CLASSES.length, {
    description:
      "Buckets that keep versions; `raw` must, since a version id is part of an upload's identity.",
  }).default([...BUCKET_CLASSES]),
  lifecycle: lifecycle.prefault({}),
  lakeFormation: choice(["defaults", "iam"], {
    description:
      "Who decides about the catalog: `defaults`: what Lake Formation's defaults of the account give to new databases and tables, IAM alone unless the account's owner changed them; `iam`: IAM alone, by a grant on this database and its tables to the group IAMAllowedPrincipals.",
  }).default("defaults"),
  forceDestroy: flag({
    description:
      "Destroying a bucket deletes its objects first; without it only an empty bucket can be destroyed.",
  }).default(false),
  tlsOnly: flag({
    description: "Bucket, queue and topic policies deny requests without TLS.",
  }).default(true),
  pathStyle: flag({
    description:
      "Addresses buckets as host/bucket instead of bucket.host, which an emulator on one host name needs.",
  }).default(false),
  cloudtrailDataEvents: flag({
    description:
      "CloudTrail records every object read and written in raw, curated and quarantine: 0.10 USD for each 100,000 events.",
  }).default(false),
  keyDeletionDays: whole(7, 30, "days", {
    description: "Days between the deletion of a KMS key and its end, in which it can be taken back.",
  }).default(30),
});
