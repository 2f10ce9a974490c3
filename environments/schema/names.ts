/** Every name that is known before anything is deployed, derived from project, environment, account and region. */
import type { Environment } from "./environment";

/** What names are made of. */
export type Named = Pick<Environment, "project" | "name" | "account" | "region">;

export const LAYERS = ["network", "storage", "ledger", "compute", "observability"] as const;
export type Layer = (typeof LAYERS)[number];

export const FUNCTIONS = [
  "uploads-trigger",
  "uploads-job-ended",
  "uploads-reconciler",
  "manifests-builder",
  "control-plane",
  "manifests-reconciler",
  "ledger-migrator",
  "ledger-registrar",
  "ledger-operator",
] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

/**
 * Those whose callers wait for the answer, or whose next round makes up for one that failed: they need no queue of events
 * that failed.
 */
export const SYNCHRONOUS_FUNCTIONS: readonly FunctionName[] = [
  "ledger-migrator",
  "ledger-registrar",
  "ledger-operator",
];

export type BucketName = "raw" | "manifests" | "curated" | "quarantine" | "artifacts" | "access-logs";

/** Prefix in the raw bucket under which uploads are noticed. */
export const INPUT_PREFIX = "input/";

/** Prefix in the raw bucket of the raw JSON files, which the ledger lists. */
export const RAW_JSON_PREFIX = "raw-json-data/";

/** Where raw JSON files go once their rows are published. */
export const PROCESSED_PREFIX = "raw-json-data-processed/";

/** Tag of a raw JSON file that is processed and stays where it is. */
export const PROCESSED_TAG = { key: "tributary", value: "processed" } as const;

/** Dead letters of the ledger pipeline in the quarantine bucket, a folder for each batch. */
export const MALFORMED_PREFIX = "error-data-lake/json_malformed_records/";

/** What attempts of the ledger pipeline write in the curated bucket before one of them wins. */
export const STAGING_PREFIX = "_staging/";

/** `tributary-dev-<rest>`: the form of nearly every name. */
export function resourceName(environment: Named, rest: string): string {
  return `${environment.project}-${environment.name}-${rest}`;
}

export function stackName(environment: Named, layer: Layer): string {
  return `${environment.name}-${layer}`;
}

/** One state bucket an account and region, shared by its environments. */
export function stateBucketName(environment: Named): string {
  return `${environment.project}-state-${environment.account}-${environment.region}`;
}

export function stateKey(environment: Named, layer: Layer): string {
  return `${environment.project}/${environment.name}/${layer}.tfstate`;
}

/** Bucket names are unique in all of AWS, hence the account id. */
export function bucketName(environment: Named, bucket: BucketName): string {
  return `${resourceName(environment, bucket)}-${environment.account}`;
}

export function uploadsTableName(environment: Named): string {
  return resourceName(environment, "uploads");
}

/** One item a file that the manifests pipeline was told of. */
export function trackingTableName(environment: Named): string {
  return resourceName(environment, "file-tracking");
}

export function metricsTableName(environment: Named): string {
  return resourceName(environment, "metrics");
}

/** Desired state, worker numbers and cursors: what changes at run time and is not Terraform's. */
export function controlTableName(environment: Named): string {
  return resourceName(environment, "control");
}

/**
 * S3's announcements: `manifests-inputs` of files that manifests are to list, `manifests-ready` of manifests,
 * `ledger-inputs` of files of the ledger. Each has a dead-letter queue.
 */
export const PIPELINE_QUEUES = ["manifests-inputs", "manifests-ready", "ledger-inputs"] as const;
export type PipelineQueue = (typeof PIPELINE_QUEUES)[number];

export function queueName(environment: Named, queue: PipelineQueue): string {
  return resourceName(environment, queue);
}

export function deadLetterQueueName(environment: Named, queue: PipelineQueue): string {
  return `${queueName(environment, queue)}-dead-letters`;
}

export function functionName(environment: Named, name: FunctionName): string {
  return resourceName(environment, name);
}

/** Queue of the events that a function failed on for good, which its construct names so. */
export function failureQueueName(environment: Named, name: FunctionName): string {
  return `${functionName(environment, name)}-failures`;
}

export function uploadsJobName(environment: Named): string {
  return resourceName(environment, "uploads-job");
}

export function manifestsJobName(environment: Named): string {
  return resourceName(environment, "manifests-stream");
}

/** Lists raw JSON files into the ledger. */
export function ledgerListerJobName(environment: Named): string {
  return resourceName(environment, "ledger-lister");
}

/** Claims batches from the ledger and transforms them. */
export function ledgerBatchJobName(environment: Named): string {
  return resourceName(environment, "ledger-batch");
}

/** Runs the lister, and the batch job when it succeeded. */
export function ledgerWorkflowName(environment: Named): string {
  return resourceName(environment, "ledger");
}

/** A connection for each zone: jobs that speak to PostgreSQL run in a private subnet of one of them. */
export function ledgerConnectionName(environment: Named, zone: string): string {
  return resourceName(environment, `ledger-${zone}`);
}

/** The managed PostgreSQL server. */
export function ledgerServerName(environment: Named): string {
  return resourceName(environment, "ledger");
}

/** Athena accepts no hyphen in an unquoted database name. */
export function databaseName(environment: Named): string {
  return `${environment.project}_${environment.name}`.replaceAll("-", "_");
}

export function workgroupName(environment: Named): string {
  return `${environment.project}-${environment.name}`;
}

export function alertTopicName(environment: Named): string {
  return resourceName(environment, "alerts");
}

/** CloudWatch namespace of the platform's own metrics; the environment is their dimension. */
export function metricNamespace(environment: Named): string {
  return environment.project;
}

/** EventBridge source of the platform's alert events. */
export function alertSource(environment: Named): string {
  return `${environment.project}.${environment.name}`;
}
