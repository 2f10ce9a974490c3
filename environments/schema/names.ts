/**
 * Names that are known before anything is deployed, derived from project, environment, account and region.
 */
import type { Environment } from "./environment";
import { NO_BOUNDARY, OWN_BOUNDARY } from "./iam";
import type { BucketName, DeployedFunction, JobName, Pipeline, PipelineQueue, TableName } from "./pipelines";

/** Parts of a name. */
export type Named = Pick<Environment, "project" | "name" | "account" | "region">;

export const LAYERS = ["network", "storage", "ledger", "compute", "observability"] as const;
export type Layer = (typeof LAYERS)[number];

/** Prefix below which the datasets of uploads and manifests have theirs, unless they say otherwise. */
export const INPUT_PREFIX = "input/";

/** Prefix in the raw bucket below which the ledger knows a history and weekly folders. */
export const RAW_JSON_PREFIX = "raw-json-data/";

/**
 * Prefix of a ledger dataset's files whose rows are published: as their own, in a first folder with another name, so that no
 * listing finds them.
 */
export function processedPrefix(prefix: string): string {
  return prefix.replace("/", "-processed/");
}

/** Tag of a file of the ledger pipeline that is processed and was not moved. */
export const PROCESSED_TAG = { key: "tributary", value: "processed" } as const;

/** Tag of code in the artifacts bucket that no job names any more: it expires. */
export const UNNAMED_TAG = { key: "tributary", value: "unnamed" } as const;

/** Dead letters of the ledger pipeline in the quarantine bucket, a folder for each batch. */
export const MALFORMED_PREFIX = "error-data-lake/json_malformed_records/";

/**
 * Prefix of the objects that attempts of the ledger pipeline write in the curated bucket before one of them
 * wins.
 */
export const STAGING_PREFIX = "_staging/";

/** `tributary-dev-<rest>`: the form of nearly every name. */
export function resourceName(environment: Named, rest: string): string {
  return `${environment.project}-${environment.name}-${rest}`;
}

export function stackName(environment: Named, layer: Layer): string {
  return `${environment.name}-${layer}`;
}

/** Name of the state bucket of an account and region, shared by its environments. */
export function stateBucketName(environment: Named): string {
  return `${environment.project}-state-${environment.account}-${environment.region}`;
}

/** Key of the state of a layer; `*` stands for all layers. */
export function stateKey(environment: Named, layer: Layer | "*"): string {
  return `${environment.project}/${environment.name}/${layer}.tfstate`;
}

/** Where plans are kept in the state bucket. No project and no state is named so. */
export const KEPT_PLANS = "_plans/";

/** Prefix of the keys of an environment's kept plans. */
export function keptPlansPrefix(environment: Named): string {
  return `${KEPT_PLANS}${environment.name}/`;
}

/**
 * Name of a bucket. Such names are unique in all of AWS, hence the account id. That of a raw bucket which was there
 * before is its owner's.
 */
export function bucketName(
  environment: Named & Partial<Pick<Environment, "storage">>,
  bucket: BucketName,
): string {
  const existing = bucket === "raw" ? environment.storage?.raw.existing : undefined;
  if (existing !== undefined) return existing.bucket;
  return `${resourceName(environment, bucket)}-${environment.account}`;
}

/** Name of a table. */
export function tableName(environment: Named, table: TableName): string {
  return resourceName(environment, table);
}

export function uploadsTableName(environment: Named): string {
  return tableName(environment, "uploads");
}

/** Name of the tracking table: one item for each file that was announced to the manifests pipeline. */
export function trackingTableName(environment: Named): string {
  return tableName(environment, "file-tracking");
}

export function metricsTableName(environment: Named): string {
  return tableName(environment, "metrics");
}

/**
 * Name of the control table: desired state, worker numbers and cursors, which change at run time and are not
 * Terraform's.
 */
export function controlTableName(environment: Named): string {
  return tableName(environment, "control");
}

export function queueName(environment: Named, queue: PipelineQueue): string {
  return resourceName(environment, queue);
}

export function deadLetterQueueName(environment: Named, queue: PipelineQueue): string {
  return `${queueName(environment, queue)}-dead-letters`;
}

export function functionName(environment: Named, name: DeployedFunction): string {
  return resourceName(environment, name);
}

/** Name of the queue of the events that a function failed on for good, as its construct builds it. */
export function failureQueueName(environment: Named, name: DeployedFunction): string {
  return `${functionName(environment, name)}-failures`;
}

/** Name of a Glue job. */
export function jobName(environment: Named, job: JobName): string {
  return resourceName(environment, job);
}

/** Rules of the default bus that hand events to a function or to the alert topic. */
export type EventRule =
  | "uploads-job-ended"
  | "control-plane-uploads-published"
  | "control-plane-stream-ended"
  | "control-plane-manifests-processed"
  | "control-plane-batches-published"
  | "ledger-starter-listed"
  | "ledger-failed-runs"
  | "alerts"
  | `raw-${Pipeline}-${number}`;

export function ruleName(environment: Named, rule: EventRule): string {
  return resourceName(environment, rule);
}

/** Name of the queue of the events that no target took, of all rules. */
export function undeliveredEventsName(environment: Named): string {
  return resourceName(environment, "undelivered-events");
}

export function uploadsJobName(environment: Named): string {
  return jobName(environment, "uploads-job");
}

export function manifestsJobName(environment: Named): string {
  return jobName(environment, "manifests-stream");
}

/** Name of the job that lists raw JSON files into the ledger. */
export function ledgerListerJobName(environment: Named): string {
  return jobName(environment, "ledger-lister");
}

/** Name of the job that claims batches from the ledger and transforms them. */
export function ledgerBatchJobName(environment: Named): string {
  return jobName(environment, "ledger-batch");
}

/** Name of the workflow that runs the lister, whose success starts the batch job. */
export function ledgerWorkflowName(environment: Named): string {
  return resourceName(environment, "ledger");
}

/** Name of the connection of a zone, its letter or id, in whose private subnet jobs run. */
export function connectionName(environment: Named, zone: string): string {
  return resourceName(environment, `private-${zone}`);
}

/** Name of the managed PostgreSQL server. */
export function ledgerServerName(environment: Named): string {
  return resourceName(environment, "ledger");
}

/**
 * Name of the database. Athena accepts no hyphen in an unquoted one.
 *
 * @see https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html (2026-11-29)
 */
export function databaseName(environment: Named): string {
  return `${environment.project}_${environment.name}`.replaceAll("-", "_");
}

export function workgroupName(environment: Named): string {
  return `${environment.project}-${environment.name}`;
}

export function alertTopicName(environment: Named): string {
  return resourceName(environment, "alerts");
}

/**
 * Tag of every resource that tells environments apart in bills: it combines project and environment, for a
 * cost-allocation tag counts by its value alone, whoever else in the account has an environment of that name.
 */
export const DEPLOYMENT_TAG = "deployment";

/** Value of that tag. Neither part has a dot, so no two environments share one. */
export function deploymentTag(environment: Named): string {
  return `${environment.project}.${environment.name}`;
}

/** CloudWatch namespace of the platform's own metrics; the environment is their dimension. */
export function metricNamespace(environment: Named): string {
  return environment.project;
}

/** EventBridge source of the platform's alert events. */
export function alertSource(environment: Named): string {
  return `${environment.project}.${environment.name}`;
}

/**
 * Names of what bootstrap makes for CI and for all roles. The dot keeps them apart from the environment's own roles and
 * policies, whose names begin with `<project>-<environment>-`: who may change those may not change these.
 */
export function accessName(environment: Named, rest: string): string {
  return `${environment.project}-${environment.name}.${rest}`;
}

/** Name of the role that plans the environment from CI. */
export function planRoleName(environment: Named): string {
  return accessName(environment, "plan");
}

/** Name of the role that deploys the environment from CI. */
export function applyRoleName(environment: Named): string {
  return accessName(environment, "apply");
}

/** Name of the permissions boundary of the environment's own roles. */
export function boundaryName(environment: Named): string {
  return accessName(environment, "boundary");
}

/** Name of the permissions boundary of the role that deploys. */
export function guardName(environment: Named): string {
  return accessName(environment, "guard");
}

/** ARN of a role or policy of the environment, by its name, which may have a `*`. */
export function iamArn(
  { account, iam }: Pick<Environment, "account" | "iam">,
  kind: "role" | "policy",
  name: string,
): string {
  return `arn:aws:iam::${account}:${kind}${iam.path}${name}`;
}

/** ARN of the permissions boundary of the environment's own roles; undefined where they have none. */
export function permissionsBoundaryArn(environment: Environment): string | undefined {
  const { account, iam } = environment;
  switch (iam.permissionsBoundary) {
    case NO_BOUNDARY:
      return undefined;
    case OWN_BOUNDARY:
      return iamArn(environment, "policy", boundaryName(environment));
    default:
      return `arn:aws:iam::${account}:policy/${iam.permissionsBoundary}`;
  }
}

/** Host of the OpenID Connect provider by which GitHub's workflows name themselves to AWS. */
export const GITHUB_ISSUER = "token.actions.githubusercontent.com";

/** ARN of an OpenID Connect provider of the account, by the host and path of its issuer. */
export function oidcProviderArn({ account }: Pick<Environment, "account">, issuer: string): string {
  return `arn:aws:iam::${account}:oidc-provider/${issuer}`;
}
