/**
 * Pipelines of an environment, and what is there for which of them: all that is not named here as one's own is shared
 * by all. What no pipeline of an environment needs is not deployed there.
 */
import type { Environment } from "./environment";
import type { ENDPOINT_SERVICES } from "./network";

/** Pipelines, each named by how its files come. */
export const PIPELINES = ["uploads", "manifests", "ledger"] as const;
export type Pipeline = (typeof PIPELINES)[number];

/** An environment's choice. */
export type Chosen = Pick<Environment, "pipelines">;

/**
 * Pipelines that need each function. `control-plane` keeps the streaming job running, and adds the columns that
 * files bring; `declared-columns` adds those that any dataset declares. `untaken-objects` looks for what no dataset
 * takes, and `lake-audit` keeps the tables of what became of files.
 */
const FUNCTION_PIPELINES = {
  "uploads-trigger": ["uploads"],
  "uploads-job-ended": ["uploads"],
  "uploads-reconciler": ["uploads"],
  "manifests-builder": ["manifests"],
  "control-plane": PIPELINES,
  "manifests-reconciler": ["manifests"],
  "declared-columns": PIPELINES,
  "ledger-migrator": ["ledger"],
  "ledger-registrar": ["ledger"],
  "ledger-operator": ["ledger"],
  "ledger-starter": ["ledger"],
  "untaken-objects": PIPELINES,
  "lake-audit": PIPELINES,
} as const satisfies Readonly<Record<string, readonly Pipeline[]>>;
export type FunctionName = keyof typeof FUNCTION_PIPELINES;
export const FUNCTIONS = Object.keys(FUNCTION_PIPELINES) as readonly FunctionName[];

/** Function that only an environment with pager services has. */
export const ALERT_FORWARDER = "alert-forwarder";
/** Function of any pipeline, or of none. */
export type DeployedFunction = FunctionName | typeof ALERT_FORWARDER;

/**
 * Functions whose callers wait for the answer, or whose next round makes up for one that failed: they need no
 * queue of failed events.
 */
export const SYNCHRONOUS_FUNCTIONS: readonly FunctionName[] = [
  "declared-columns",
  "ledger-migrator",
  "ledger-registrar",
  "ledger-operator",
  "ledger-starter",
  "untaken-objects",
  "lake-audit",
];

/**
 * Pipelines that need each queue of S3's notifications: `manifests-inputs` of files that manifests are to list,
 * `manifests-ready` of manifests, `ledger-inputs` of files of the ledger. Each has a dead-letter queue.
 */
const QUEUE_PIPELINES = {
  "manifests-inputs": ["manifests"],
  "manifests-ready": ["manifests"],
  "ledger-inputs": ["ledger"],
} as const satisfies Readonly<Record<string, readonly Pipeline[]>>;
export type PipelineQueue = keyof typeof QUEUE_PIPELINES;
export const PIPELINE_QUEUES = Object.keys(QUEUE_PIPELINES) as readonly PipelineQueue[];

/**
 * Pipelines that need each table. `metrics` counts manifests and batches, and has what was announced; `control` has
 * the columns of every dataset's table in addition to the streaming job's desired state.
 */
const TABLE_PIPELINES = {
  uploads: ["uploads"],
  "file-tracking": ["manifests"],
  metrics: PIPELINES,
  control: PIPELINES,
} as const satisfies Readonly<Record<string, readonly Pipeline[]>>;
export type TableName = keyof typeof TABLE_PIPELINES;

/** Pipelines that need each bucket. */
const BUCKET_PIPELINES = {
  raw: PIPELINES,
  manifests: ["manifests"],
  curated: PIPELINES,
  quarantine: PIPELINES,
  artifacts: PIPELINES,
  results: PIPELINES,
  "access-logs": PIPELINES,
} as const satisfies Readonly<Record<string, readonly Pipeline[]>>;
export type BucketName = keyof typeof BUCKET_PIPELINES;

/** Pipelines that need each Glue job. */
const JOB_PIPELINES = {
  "uploads-job": ["uploads"],
  "manifests-stream": ["manifests"],
  "ledger-lister": ["ledger"],
  "ledger-batch": ["ledger"],
} as const satisfies Readonly<Record<string, readonly Pipeline[]>>;
export type JobName = keyof typeof JOB_PIPELINES;

type EndpointService = (typeof ENDPOINT_SERVICES)[number];

/** Pipelines whose jobs call each service from private subnets, in addition to S3 and DynamoDB. */
const JOB_ENDPOINTS: Readonly<Record<EndpointService, readonly Pipeline[]>> = {
  secretsmanager: [],
  kms: PIPELINES,
  sts: PIPELINES,
  logs: PIPELINES,
  monitoring: PIPELINES,
  events: PIPELINES,
  // only the streaming job takes its work from a queue
  sqs: ["manifests"],
  glue: PIPELINES,
};

/**
 * Services that jobs and functions which speak to PostgreSQL call: its secret, roles, and Glue's own agents, which
 * need a route to KMS for any job with a security configuration.
 */
const LEDGER_ENDPOINTS: readonly EndpointService[] = [
  "secretsmanager",
  "kms",
  "sts",
  "logs",
  "monitoring",
  "events",
  "glue",
];

/** Returns whether the environment has the pipeline. */
export function hasPipeline({ pipelines }: Chosen, pipeline: Pipeline): boolean {
  return pipelines.includes(pipeline);
}

/** Functions of the environment. */
export function functionsOf(environment: Chosen): FunctionName[] {
  return needed(environment, FUNCTION_PIPELINES);
}

/** Queues of S3's notifications that the environment has. */
export function queuesOf(environment: Chosen): PipelineQueue[] {
  return needed(environment, QUEUE_PIPELINES);
}

export function tablesOf(environment: Chosen): TableName[] {
  return needed(environment, TABLE_PIPELINES);
}

export function bucketsOf(environment: Chosen): BucketName[] {
  return needed(environment, BUCKET_PIPELINES);
}

/** Last parts of the names of the environment's Glue jobs. */
export function jobsOf(environment: Chosen): JobName[] {
  return needed(environment, JOB_PIPELINES);
}

/** Pipelines that need a function, a job or a queue; all of them for what belongs to none. */
export function pipelinesOf(name: string): readonly Pipeline[] {
  const users: Readonly<Record<string, readonly Pipeline[]>> = {
    ...FUNCTION_PIPELINES,
    ...JOB_PIPELINES,
    ...QUEUE_PIPELINES,
  };
  return users[name] ?? PIPELINES;
}

/** Settings that decide what runs in the private subnets. */
export interface PrivateUse extends Chosen {
  /** Whether all jobs run there. */
  readonly privateJobs: boolean;
  /** Whether the ledger's clients reach its server without AWS: it is on their own machine. */
  readonly serverIsHere: boolean;
}

/** Services that are called from the private subnets, in no order; none where nothing runs there. */
export function calledServices({ pipelines, privateJobs, serverIsHere }: PrivateUse): EndpointService[] {
  const ofLedger = pipelines.includes("ledger") && !serverIsHere ? LEDGER_ENDPOINTS : [];
  const ofJobs = privateJobs ? needed({ pipelines }, JOB_ENDPOINTS) : [];
  return [...new Set([...ofLedger, ...ofJobs])];
}

/**
 * Returns whether anything runs in the private subnets: the jobs and functions of the ledger do, and all jobs where the
 * environment says so.
 */
export function usesPrivateSubnets({
  pipelines,
  network,
}: Pick<Environment, "pipelines" | "network">): boolean {
  return pipelines.includes("ledger") || network.privateJobs;
}

/**
 * Interface endpoints of the environment: of those that its settings name, all that something calls. So there is none of
 * SQS without `privateJobs`: of all in the VPC the streaming job alone takes its work from a queue.
 */
export function interfaceEndpointsOf({
  pipelines,
  network,
}: Pick<Environment, "pipelines" | "network">): EndpointService[] {
  const { privateJobs, interfaceEndpoints } = network;
  if (!usesPrivateSubnets({ pipelines, network })) return [];
  const called = calledServices({ pipelines, privateJobs, serverIsHere: false });
  return interfaceEndpoints.filter((service) => called.includes(service));
}

function needed<Name extends string>(
  { pipelines }: Chosen,
  users: Readonly<Record<Name, readonly Pipeline[]>>,
): Name[] {
  return (Object.keys(users) as Name[]).filter((name) =>
    users[name].some((each) => pipelines.includes(each)),
  );
}
