/** Every name that is known before anything is deployed, derived from project, environment, account and region. */
import type { Environment } from "./environment";

/** What names are made of. */
export type Named = Pick<Environment, "project" | "name" | "account" | "region">;

export const LAYERS = ["network", "storage", "ledger", "compute", "observability"] as const;
export type Layer = (typeof LAYERS)[number];

export const FUNCTIONS = ["csv-trigger", "job-ended", "reconciler"] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

export type BucketName = "raw" | "curated" | "quarantine" | "artifacts" | "access-logs";

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

export function functionName(environment: Named, name: FunctionName): string {
  return resourceName(environment, name);
}

export function csvJobName(environment: Named): string {
  return resourceName(environment, "csv-uploads");
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
