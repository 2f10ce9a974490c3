/** Permissions of each function and the job of the uploads pipeline: named actions on named resources. */
import type { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { useKey } from "../../../constructs/encryption-key";
import type { EtlJob } from "../../../constructs/glue/etl-job";
import type { PolicyStatement } from "../../../constructs/policy";
import { type Dataset, datasetsOf } from "../../../datasets/schema/datasets";
import { type Environment, metricNamespace } from "../../../environments/schema";
import { PENDING_INDEX, RUN_REQUEST } from "../../../runtime/indexes";
import { growingUploads } from "../../datasets";
import {
  admitColumns,
  listInputs,
  type PipelineResources,
  putOwnEvents,
  readInputs,
  readRawKey,
  writeAudit,
} from "../pipeline-resources";

/** Folder of files that no dataset claims, as `tributary.uploads.names` has it. */
const UNKNOWN_DATASET = "unknown";

export function triggerStatements(resources: PipelineResources, job: EtlJob): PolicyStatement[] {
  return [
    useUploads(resources, ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]),
    forgetRequest(resources),
    job.grantStart(),
  ];
}

export function jobEndedStatements(resources: PipelineResources, job: EtlJob): PolicyStatement[] {
  return [
    queryPending(resources),
    forgetRequest(resources),
    job.grantStart(["glue:GetJobRun"]),
    putMetrics(resources.environment),
    putOwnEvents("PutAlerts", resources.environment, ["Tributary Alert"]),
  ];
}

export function reconcilerStatements(resources: PipelineResources, job: EtlJob): PolicyStatement[] {
  return [
    useUploads(resources, ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem"]),
    queryPending(resources),
    listInputs(resources, "uploads"),
    job.grantStart(),
    putMetrics(resources.environment),
  ];
}

export function jobStatements(resources: PipelineResources): PolicyStatement[] {
  const { environment, storage } = resources;
  const datasets = uploadedDatasets().map(({ name }) => name);
  const withCsv = uploadedDatasets().flatMap(({ name, outputs }) => (outputs.csv ? [name] : []));
  return [
    // a transaction of updates asks for no more than the updates themselves
    useUploads(resources, [
      "dynamodb:GetItem",
      "dynamodb:BatchGetItem",
      "dynamodb:Query",
      "dynamodb:UpdateItem",
    ]),
    queryPending(resources),
    ...readInputs(resources, "uploads"),
    readRawKey(resources),
    {
      sid: "PublishOutputs",
      actions: ["s3:GetObject", "s3:PutObject"],
      resources: [
        ...below(storage.curated, ["tables", "stats"], datasets),
        ...below(storage.curated, ["csv"], withCsv),
      ],
    },
    {
      // S3 answers 403 instead of 404 for a missing key to those who may not list, and a read has no prefix to allow
      sid: "TellMissingFromForbidden",
      actions: ["s3:ListBucket", "s3:ListBucketVersions"],
      resources: [storage.raw.arn, storage.curated.arn],
    },
    {
      sid: "Quarantine",
      actions: ["s3:PutObject", "s3:AbortMultipartUpload"],
      resources: below(storage.quarantine, ["dead-letters", "files"], [...datasets, UNKNOWN_DATASET]),
    },
    putMetrics(environment),
    ...writeAudit(resources, "uploads"),
    ...bringColumns(resources, growingUploads(environment)),
    useKey("Data", storage.dataKey.arn, environment.region, "read-write"),
  ];
}

/** Statements to bring undeclared fields into the tables of datasets, where there are such. */
export function bringColumns(
  { environment, ledger }: Pick<PipelineResources, "environment" | "ledger">,
  datasets: readonly Pick<Dataset, "name">[],
): PolicyStatement[] {
  if (datasets.length === 0) return [];
  return [
    admitColumns(
      ledger.control,
      datasets.map(({ name }) => name),
    ),
    putOwnEvents("PutPublished", environment, ["UploadPublished"]),
  ];
}

/** Datasets whose uploads become one output each. */
function uploadedDatasets(): Dataset[] {
  return datasetsOf("uploads");
}

/** Objects of the datasets below each prefix: those of other pipelines are not the job's to write. */
function below({ arn }: S3Bucket, prefixes: readonly string[], datasets: readonly string[]): string[] {
  return prefixes.flatMap((prefix) => datasets.map((dataset) => `${arn}/${prefix}/${dataset}/*`));
}

function useUploads(resources: PipelineResources, actions: readonly string[]): PolicyStatement {
  return { sid: "UseUploads", actions, resources: [resources.ledger.uploads.arn] };
}

/** Statement that allows to delete the request for a run, and no upload. */
function forgetRequest({ ledger }: PipelineResources): PolicyStatement {
  return {
    sid: "ForgetRequest",
    actions: ["dynamodb:DeleteItem"],
    resources: [ledger.uploads.arn],
    condition: { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": [RUN_REQUEST] } },
  };
}

function queryPending(resources: PipelineResources): PolicyStatement {
  const index = `${resources.ledger.uploads.arn}/index/${PENDING_INDEX}`;
  return { sid: "QueryPending", actions: ["dynamodb:Query"], resources: [index] };
}

function putMetrics(environment: Environment): PolicyStatement {
  return {
    sid: "PutMetrics",
    actions: ["cloudwatch:PutMetricData"],
    resources: ["*"], // PutMetricData knows no resources: the namespace is the limit
    condition: { StringEquals: { "cloudwatch:namespace": metricNamespace(environment) } },
  };
}
