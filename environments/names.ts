/** Every name that is known before anything is deployed, derived from project, environment, account and region. */
import type { Environment } from "./environment";

/** What names are made of. */
export type Named = Pick<Environment, "project" | "name" | "account" | "region">;

export const LAYERS = ["network", "storage", "ledger", "compute", "observability"] as const;
export type Layer = (typeof LAYERS)[number];

export const FUNCTIONS = [
  "csv-trigger",
  "job-ended",
  "reconciler",
  "manifest-builder",
  "control-plane",
  "manifest-reconciler",
] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

export type BucketName = "raw" | "manifests" | "curated" | "quarantine" | "artifacts" | "access-logs";

/** Prefix in the raw bucket under which uploads are noticed. */
export const INPUT_PREFIX = "input/";

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

/** One item a file that the manifest pipeline was told of. */
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

/** `inputs`: S3's announcements of NDJSON files; `manifests`: those of manifests. Each has a dead-letter queue. */
export const PIPELINE_QUEUES = ["inputs", "manifests"] as const;
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

export function csvJobName(environment: Named): string {
  return resourceName(environment, "csv-uploads");
}

export function manifestJobName(environment: Named): string {
  return resourceName(environment, "manifest-stream");
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
