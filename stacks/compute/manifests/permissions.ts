/** Permissions of each function and the job of the manifests pipeline: named actions on named resources. */
import type { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { useKey } from "../../../constructs/encryption-key";
import type { PolicyStatement } from "../../../constructs/policy";
import { datedDatasets } from "../../../datasets/schema/datasets";
import {
  type Environment,
  functionName,
  manifestsJobName,
  type PipelineQueue,
  queueName,
} from "../../../environments/schema";
import { AUDIT_REJECTED } from "../../../runtime/audit";
import { OPEN_INDEX } from "../../../runtime/indexes";
import {
  admitColumns,
  knowWithdrawals,
  listInputs,
  type PipelineResources,
  putOwnEvents,
  readInputs,
  readRawKey,
  useControlItems,
  writeAudit,
} from "../pipeline-resources";

/** Folder of quarantined files without a date, as `runtime/manifests/quarantine-folder.ts` has it. */
const UNDATED = "undated";
/** Item of the control table with the desired state of the job, as `runtime/manifests/control.ts` has it. */
export const STREAMING_JOB_ITEM = "streaming-job";

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
    ...readInputs(resources, "manifests"),
    readRawKey(resources),
    {
      sid: "CommitManifests",
      actions: ["s3:GetObject", "s3:PutObject"],
      resources: [`${storage.manifests.arn}/manifests/*`],
    },
    distinguishMissing(["s3:ListBucket", "s3:ListBucketVersions"], storage.raw.arn, storage.manifests.arn),
    quarantineFiles(resources),
    ...writeAudit(resources, AUDIT_REJECTED),
    useKey("Data", storage.dataKey.arn, environment.region, "read-write"),
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
    ...readInputs(resources, "manifests"),
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
      resources: ofManifestsDatasets(storage.curated, "tables"),
    },
    // the generation of existing dead letters is read before they are replaced
    {
      sid: "KeepDeadLetters",
      actions: ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
      resources: ofManifestsDatasets(storage.quarantine, "dead-letters"),
    },
    quarantineFiles(resources),
    distinguishMissing(
      ["s3:ListBucket", "s3:ListBucketVersions"],
      storage.raw.arn,
      storage.manifests.arn,
      storage.curated.arn,
      storage.quarantine.arn,
    ),
    useControlItems("ReadControl", ledger.control, ["dynamodb:GetItem"], [STREAMING_JOB_ITEM]),
    admitColumns(
      ledger.control,
      datedDatasets().map(({ name }) => name),
    ),
    ...writeAudit(resources, "manifests"),
    ...knowWithdrawals(resources),
    putOwnEvents("PutProcessed", environment, ["ManifestProcessed"]),
    useKey("Data", storage.dataKey.arn, environment.region, "read-write"),
    useKey("Message", storage.operationsKey.arn, environment.region, "read"),
  ];
}

/** Statements of the function `control-plane` for what the manifests pipeline has. */
export function controlManifestsStatements(resources: PipelineResources): PolicyStatement[] {
  const { environment, storage } = resources;
  const { account, region } = environment;
  return [
    useTracking(resources, ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"]),
    queryOpen(resources),
    {
      sid: "RunJob",
      actions: ["glue:GetJob", "glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns"],
      resources: [`arn:aws:glue:${region}:${account}:job/${manifestsJobName(environment)}`],
    },
    {
      sid: "ReadManifestsAndReceipts",
      actions: ["s3:GetObject"],
      resources: ["manifests", "receipts"].map((prefix) => `${storage.manifests.arn}/${prefix}/*`),
    },
    distinguishMissing(["s3:ListBucket"], storage.manifests.arn),
  ];
}

export function manifestsReconcilerStatements(resources: PipelineResources): PolicyStatement[] {
  const { environment, storage, ledger } = resources;
  const { account, region } = environment;
  return [
    listInputs(resources, "manifests"),
    useTracking(resources, ["dynamodb:GetItem", "dynamodb:Query"]),
    queryOpen(resources),
    useControlItems("ReadDesired", ledger.control, ["dynamodb:GetItem"], [STREAMING_JOB_ITEM]),
    useControlItems("KeepCursors", ledger.control, ["dynamodb:GetItem", "dynamodb:PutItem"], ["cursor#*"]),
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
      resources: ofManifestsDatasets(storage.curated, "tables"),
    },
    distinguishMissing(["s3:ListBucket"], storage.manifests.arn, storage.curated.arn),
    {
      sid: "InvokeControlPlane",
      actions: ["lambda:InvokeFunction"],
      resources: [
        `arn:aws:lambda:${region}:${account}:function:${functionName(environment, "control-plane")}`,
      ],
    },
    useKey("Data", storage.dataKey.arn, region, "read"),
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

/**
 * Statement that lets a reader distinguish a missing key: S3 answers 403 instead of 404 without the right to
 * list, and a read has no prefix to allow.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html (2026-11-29)
 */
function distinguishMissing(actions: readonly string[], ...buckets: readonly string[]): PolicyStatement {
  return { sid: "TellMissingFromForbidden", actions, resources: buckets };
}

/** Statement to quarantine files, whose folders are dates here, and datasets in the ledger pipeline. */
function quarantineFiles({ storage }: PipelineResources): PolicyStatement {
  return {
    sid: "QuarantineFiles",
    actions: ["s3:PutObject", "s3:AbortMultipartUpload"],
    resources: ["????-??-??", UNDATED].map((folder) => `${storage.quarantine.arn}/quarantine/${folder}/*`),
  };
}

/** Objects of the text datasets below a prefix: those of other pipelines are not this one's to write. */
function ofManifestsDatasets({ arn }: S3Bucket, prefix: string): string[] {
  return datedDatasets().map(({ name }) => `${arn}/${prefix}/${name}/*`);
}
