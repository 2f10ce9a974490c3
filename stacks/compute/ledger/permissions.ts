/** Permissions of each function and job of the ledger pipeline: named actions on named resources. */
import { useKey } from "../../../constructs/encryption-key";
import type { PolicyStatement } from "../../../constructs/policy";
import { datasetsOf } from "../../../datasets/schema/datasets";
import {
  MALFORMED_PREFIX,
  PROCESSED_TAG,
  processedPrefix,
  queueName,
  STAGING_PREFIX,
} from "../../../environments/schema";
import {
  admitColumns,
  below,
  knowWithdrawals,
  listInputs,
  type PipelineResources,
  putOwnEvents,
  readInputs,
  readRawKey,
  writeAudit,
} from "../pipeline-resources";
import { prefixesOf } from "../raw-events";

const WRITE = ["s3:PutObject", "s3:AbortMultipartUpload"];

export function ledgerListerStatements(resources: PipelineResources): PolicyStatement[] {
  return [...resources.ledger.server.connect("tributary_lister"), listInputs(resources, "ledger")];
}

export function ledgerRegistrarStatements({
  environment,
  storage,
  ledger,
}: PipelineResources): PolicyStatement[] {
  const { account, region } = environment;
  return [
    ...ledger.server.connect("tributary_registrar"),
    {
      sid: "TakeInputs",
      actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
      resources: [`arn:aws:sqs:${region}:${account}:${queueName(environment, "ledger-inputs")}`],
    },
    useKey("Message", storage.operationsKey.arn, region, "read"),
  ];
}

export function ledgerOperatorStatements({ ledger }: PipelineResources): PolicyStatement[] {
  return ledger.server.connect("tributary_operator");
}

export function ledgerBatchStatements(resources: PipelineResources): PolicyStatement[] {
  const { environment, storage, ledger } = resources;
  const { raw, curated, quarantine } = storage;
  const datasets = datasetsOf("ledger").map(({ name }) => name);
  return [
    ...ledger.server.connect("tributary_batch"),
    ...readInputs(resources, "ledger"),
    {
      sid: "ReadProcessed",
      actions: ["s3:GetObject", "s3:GetObjectVersion"],
      resources: below(raw, processedPrefixes()),
    },
    readRawKey(resources),
    ...archive(resources),
    {
      sid: "StageOutputs",
      actions: ["s3:GetObject", ...WRITE],
      resources: [`${curated.arn}/${STAGING_PREFIX}*`],
    },
    {
      // a replay may need fewer names than the commit that it replaces
      sid: "PublishOutputs",
      actions: ["s3:GetObject", ...WRITE, "s3:DeleteObject"],
      resources: [
        ...datasets.map((name) => `${curated.arn}/tables/${name}/*`),
        `${quarantine.arn}/${MALFORMED_PREFIX}*`,
      ],
    },
    {
      sid: "QuarantineFiles",
      actions: WRITE,
      resources: datasets.map((name) => `${quarantine.arn}/quarantine/${name}/*`),
    },
    {
      // S3 answers 403 instead of 404 for a missing key to those who may not list, and a read has no prefix to allow
      sid: "TellMissingFromForbidden",
      actions: ["s3:ListBucket", "s3:ListBucketVersions"],
      resources: [raw.arn, curated.arn, quarantine.arn],
    },
    ...writeAudit(resources, "ledger"),
    ...knowWithdrawals(resources),
    admitColumns(ledger.control, datasets),
    putOwnEvents("PutPublished", environment, ["LedgerBatchPublished"]),
    useKey("Data", storage.dataKey.arn, environment.region, "read-write"),
  ];
}

/**
 * Statements to archive a raw file. Moving takes a copy and a deletion, which S3 can limit to the prefix, and to no
 * tag or state of the version; tagging takes neither, and no other tag than that of processed files.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-and-policies.html (2026-11-30)
 */
function archive({ environment, storage }: PipelineResources): PolicyStatement[] {
  const versions = below(storage.raw, prefixesOf("ledger"));
  if (environment.ledger.batch.archive === "tag") {
    const { key, value } = PROCESSED_TAG;
    return [
      {
        sid: "TagProcessed",
        actions: ["s3:PutObjectVersionTagging"],
        resources: versions,
        condition: {
          StringEquals: { [`s3:RequestObjectTag/${key}`]: value },
          "ForAllValues:StringEquals": { "s3:RequestObjectTagKeys": [key] },
        },
      },
    ];
  }
  return [
    { sid: "KeepProcessed", actions: WRITE, resources: below(storage.raw, processedPrefixes()) },
    { sid: "RemoveProcessed", actions: ["s3:DeleteObjectVersion"], resources: versions },
  ];
}

/** Folders that files of the datasets are moved to, in which nothing else lies. */
function processedPrefixes(): string[] {
  const prefixes = prefixesOf("ledger").map(processedPrefix);
  return [...new Set(prefixes.map((prefix) => prefix.slice(0, prefix.indexOf("/") + 1)))];
}
