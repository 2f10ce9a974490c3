/** Permissions of each function and the job of the manifests pipeline: named actions on named resources. */
import { declaredDatasets, declaredTextDatasets } from "../../../constructs/catalog/dataset";
import { useKey } from "../../../constructs/encryption-key";
import type { PolicyStatement } from "../../../constructs/policy";
import {
  databaseName,
  type Environment,
  functionName,
  INPUT_PREFIX,
  manifestsJobName,
  type PipelineQueue,
  queueName,
} from "../../../environments/schema";
import { OPEN_INDEX } from "../../../runtime/indexes";
import { latestViewName } from "../../../runtime/manifests/latest-view";
import { admitColumns, type PipelineResources, putOwnEvents, readRawKey } from "../pipeline-resources";

export function manifestsBuilderStatements(resources: PipelineResources): PolicyStatement[] {
  const { environment, storage } = resources;
  return [
    {
      sid: "TakeInputs",
      actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
      resources: [queueArn(environment, "manifests-inputs")],
    },
    // a transaction asks for no more than its writes and checks themselves
    useTracking(resources, [
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:UpdateItem",
      "dynamodb:ConditionCheckItem",
    ]),
    readInputs(resources),
    readRawKey(resources),
    {
      sid: "CommitManifests",
      actions: ["s3:GetObject", "s3:PutObject"],
      resources: [`${storage.manifests.arn}/manifests/*`],
    },
    distinguishMissing(["s3:ListBucket", "s3:ListBucketVersions"], storage.raw.arn, storage.manifests.arn),
    quarantine(resources, "quarantine"),
    useKey(storage.key.arn, environment.region, "s3", "read-write"),
  ];
}

export function manifestsJobStatements(resources: PipelineResources): PolicyStatement[] {
  const { environment, storage, ledger } = resources;
  return [
    {
      sid: "TakeManifests",
      actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"],
      resources: [queueArn(environment, "manifests-ready")],
    },
    readInputs(resources),
    readRawKey(resources),
    {
      sid: "ReadManifests",
      actions: ["s3:GetObject"],
      resources: [`${storage.manifests.arn}/manifests/*`],
    },
    {
      sid: "WriteReceipts",
      actions: ["s3:GetObject", "s3:PutObject"],
      resources: [`${storage.manifests.arn}/receipts/*`],
    },
    {
      sid: "PublishTables",
      actions: ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
      resources: [`${storage.curated.arn}/tables/*`],
    },
    // the generation of existing dead letters is read before they are replaced
    quarantine(resources, "dead-letters", ["s3:GetObject"]),
    quarantine(resources, "quarantine"),
    distinguishMissing(
      ["s3:ListBucket", "s3:ListBucketVersions"],
      storage.raw.arn,
      storage.manifests.arn,
      storage.curated.arn,
      storage.quarantine.arn,
    ),
    { sid: "ReadControl", actions: ["dynamodb:GetItem"], resources: [ledger.control.arn] },
    admitColumns(
      ledger.control,
      declaredTextDatasets().map(({ name }) => name),
    ),
    putOwnEvents("PutProcessed", environment),
    useKey(storage.key.arn, environment.region, "s3", "read-write"),
    useKey(storage.key.arn, environment.region, "sqs", "read"),
  ];
}

export function controlPlaneStatements(resources: PipelineResources): PolicyStatement[] {
  const { environment, storage, ledger } = resources;
  const { account, region } = environment;
  const write = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"];
  return [
    useTracking(resources, ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"]),
    queryOpen(resources),
    { sid: "UseMetrics", actions: [...write, "dynamodb:Query"], resources: [ledger.metrics.arn] },
    { sid: "UseControl", actions: write, resources: [ledger.control.arn] },
    {
      sid: "RunJob",
      actions: ["glue:GetJob", "glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns"],
      resources: [`arn:aws:glue:${region}:${account}:job/${manifestsJobName(environment)}`],
    },
    {
      sid: "AddColumns",
      actions: ["glue:GetTable", "glue:UpdateTable"],
      resources: tableArns(environment),
    },
    {
      sid: "ReadManifestsAndReceipts",
      actions: ["s3:GetObject"],
      resources: ["manifests", "receipts"].map((prefix) => `${storage.manifests.arn}/${prefix}/*`),
    },
    distinguishMissing(["s3:ListBucket"], storage.manifests.arn),
    putOwnEvents("PutAlerts", environment),
    useKey(storage.key.arn, region, "s3", "read"),
  ];
}

export function manifestsReconcilerStatements(resources: PipelineResources): PolicyStatement[] {
  const { environment, storage, ledger } = resources;
  const { account, region } = environment;
  return [
    {
      sid: "ListInputs",
      actions: ["s3:ListBucketVersions"],
      resources: [storage.raw.arn],
      condition: { StringLike: { "s3:prefix": `${INPUT_PREFIX}*` } },
    },
    useTracking(resources, ["dynamodb:GetItem", "dynamodb:Query"]),
    queryOpen(resources),
    {
      sid: "UseControl",
      actions: ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
      resources: [ledger.control.arn],
    },
    {
      sid: "SendAgain",
      actions: ["sqs:SendMessage", "sqs:GetQueueAttributes"],
      resources: [queueArn(environment, "manifests-inputs"), queueArn(environment, "manifests-ready")],
    },
    {
      sid: "ReadManifestsAndReceipts",
      actions: ["s3:GetObject"],
      resources: ["manifests", "receipts"].map((prefix) => `${storage.manifests.arn}/${prefix}/*`),
    },
    {
      // HeadObject asks for the same right as a read
      sid: "FindOutputs",
      actions: ["s3:GetObject"],
      resources: [`${storage.curated.arn}/tables/*`],
    },
    distinguishMissing(["s3:ListBucket"], storage.manifests.arn, storage.curated.arn),
    {
      sid: "InvokeControlPlane",
      actions: ["lambda:InvokeFunction"],
      resources: [
        `arn:aws:lambda:${region}:${account}:function:${functionName(environment, "control-plane")}`,
      ],
    },
    useKey(storage.key.arn, region, "s3", "read"),
  ];
}

/** Builds the ARN of a queue without reading it: a role that names a queue need not wait for it. */
function queueArn(environment: Environment, queue: PipelineQueue): string {
  return `arn:aws:sqs:${environment.region}:${environment.account}:${queueName(environment, queue)}`;
}

function useTracking(resources: PipelineResources, actions: readonly string[]): PolicyStatement {
  return { sid: "UseTracking", actions, resources: [resources.ledger.tracking.arn] };
}

function queryOpen({ ledger }: PipelineResources): PolicyStatement {
  const index = `${ledger.tracking.arn}/index/${OPEN_INDEX}`;
  return { sid: "QueryOpen", actions: ["dynamodb:Query"], resources: [index] };
}

function readInputs({ storage }: PipelineResources): PolicyStatement {
  return {
    sid: "ReadInputs",
    actions: ["s3:GetObject", "s3:GetObjectVersion"],
    resources: [`${storage.raw.arn}/${INPUT_PREFIX}*`],
  };
}

/**
 * Statement that lets a reader distinguish a missing key: S3 answers 403 instead of 404 without the right to
 * list, and a read has no prefix to allow.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html (2026-11-29)
 */
function distinguishMissing(actions: readonly string[], ...buckets: readonly string[]): PolicyStatement {
  return { sid: "TellMissingFromForbidden", actions, resources: buckets };
}

function quarantine(
  { storage }: PipelineResources,
  folder: "quarantine" | "dead-letters",
  further: readonly string[] = [],
): PolicyStatement {
  return {
    sid: folder === "quarantine" ? "QuarantineFiles" : "KeepDeadLetters",
    actions: [...further, "s3:PutObject", "s3:AbortMultipartUpload"],
    resources: [`${storage.quarantine.arn}/${folder}/*`],
  };
}

/** ARNs that Glue checks a table's call against: catalog, database and table. */
function tableArns(environment: Environment): string[] {
  const catalog = `arn:aws:glue:${environment.region}:${environment.account}`;
  const database = databaseName(environment);
  const tables = [
    ...declaredDatasets().map(({ name }) => name),
    ...declaredTextDatasets().flatMap(({ name }) => [name, latestViewName(name)]),
  ];
  return [
    `${catalog}:catalog`,
    `${catalog}:database/${database}`,
    ...tables.map((table) => `${catalog}:table/${database}/${table}`),
  ];
}
