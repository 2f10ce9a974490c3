import { MissingVariableError } from "./errors";

/**
 * Environment variables of the functions, each said once. All values are strings, as Lambda passes them; what grows with
 * the datasets stands in the function's archive (`declared.ts`).
 */
interface Variables {
  /** Name of the DynamoDB table of uploads. */
  UPLOADS_TABLE: string;
  /** Name of the DynamoDB table of files (`runtime/manifests/tracking.ts`); `none` without the manifests pipeline. */
  TRACKING_TABLE: string;
  /** Partitions that a date's files are spread over. */
  TRACKING_SHARDS: string;
  METRICS_TABLE: string;
  CONTROL_TABLE: string;
  /** Bucket that uploads arrive in. */
  RAW_BUCKET: string;
  /** Bucket of manifests and receipts; `none` without the manifests pipeline. */
  MANIFESTS_BUCKET: string;
  CURATED_BUCKET: string;
  QUARANTINE_BUCKET: string;
  /** Bucket that rows of the audit are written to; `none` where it is switched off. */
  AUDIT_BUCKET: string;
  /** Name of the Glue job that the function starts: of pending uploads, of the stream, or of batches; `none` without. */
  JOB_NAME: string;
  /** Workers of a run while the control table names no other number. */
  WORKERS: string;
  /** Name of the Glue catalog database. */
  DATABASE: string;
  /** Queue that the manifest builder reads. */
  INPUTS_QUEUE_URL: string;
  /** Queue that the streaming job reads. */
  MANIFESTS_QUEUE_URL: string;
  /** Name of the function that records in the state tables what a receipt says. */
  CONTROL_PLANE: string;
  /** Age in seconds from which an object counts as announced by no event. */
  GRACE_SECONDS: string;
  /** Maximum input bytes of one manifest. */
  MANIFEST_BYTES: string;
  /** Maximum files of one manifest. */
  MANIFEST_FILES: string;
  /** Age in seconds from which a claim without a manifest is given up: the function's timeout and a minute. */
  CLAIM_SECONDS: string;
  /** `true` where S3 is reached by path-style addresses (an emulator), else `false`. */
  S3_PATH_STYLE: string;
  /** Environment name, in alert events and as the metrics' dimension. */
  ENVIRONMENT: string;
  /** CloudWatch namespace of the platform's metrics. */
  METRIC_NAMESPACE: string;
  /** EventBridge source of alert events, which observability routes by it. */
  ALERT_SOURCE: string;
  /** `libpq`: as PGHOST of the function's surroundings says, for a server on the same machine. */
  LEDGER_HOST: string;
  /** `0`: as PGPORT says. */
  LEDGER_PORT: string;
  LEDGER_DATABASE: string;
  /** `iam`: a token for the function's own login; `secret`: name and password of a secret; `none`: the login alone. */
  LEDGER_AUTHENTICATION: "iam" | "secret" | "none";
  /** ARN of the secret, `none` without. */
  LEDGER_SECRET_ARN: string;
  /** `verify-full`: by Amazon's authorities for RDS; `require`: encrypted, of whoever answers. */
  LEDGER_TLS: "verify-full" | "require" | "disable";
  /** Authentication of the logins that it makes. */
  LOGIN_AUTHENTICATION: "iam" | "secret" | "none";
  /** First year of the weekly folders. */
  START_YEAR: string;
  /** Jobs whose runs the audit tells, as JSON: name in Glue, own name and pipeline of each; none where it is off. */
  AUDITED_JOBS: string;
  /** Names of the secrets with the addresses of pager services, as JSON. */
  PAGER_SECRETS: string;
}

const METRICS = ["ENVIRONMENT", "METRIC_NAMESPACE"] as const;
const UPLOADS = ["UPLOADS_TABLE", "JOB_NAME"] as const;
const TRACKING = ["TRACKING_TABLE", "TRACKING_SHARDS", "MANIFESTS_BUCKET", "S3_PATH_STYLE"] as const;
const LEDGER = [
  "LEDGER_HOST",
  "LEDGER_PORT",
  "LEDGER_DATABASE",
  "LEDGER_AUTHENTICATION",
  "LEDGER_SECRET_ARN",
  "LEDGER_TLS",
] as const;

/** Variables of each function. */
const NAMES = {
  "uploads-trigger": UPLOADS,
  "uploads-job-ended": [...UPLOADS, ...METRICS, "ALERT_SOURCE"],
  "uploads-reconciler": [...UPLOADS, "RAW_BUCKET", "GRACE_SECONDS", "S3_PATH_STYLE", ...METRICS],
  "manifests-builder": [
    ...TRACKING,
    "QUARANTINE_BUCKET",
    "AUDIT_BUCKET",
    "MANIFEST_BYTES",
    "MANIFEST_FILES",
    "CLAIM_SECONDS",
    ...METRICS,
  ],
  "control-plane": [
    ...TRACKING,
    "METRICS_TABLE",
    "CONTROL_TABLE",
    "JOB_NAME",
    "WORKERS",
    "DATABASE",
    ...METRICS,
    "ALERT_SOURCE",
  ],
  "manifests-reconciler": [
    ...TRACKING,
    "CONTROL_TABLE",
    "RAW_BUCKET",
    "CURATED_BUCKET",
    "INPUTS_QUEUE_URL",
    "MANIFESTS_QUEUE_URL",
    "CONTROL_PLANE",
    "GRACE_SECONDS",
    ...METRICS,
  ],
  "declared-columns": ["DATABASE", "CONTROL_TABLE"],
  "ledger-migrator": [...LEDGER, "LOGIN_AUTHENTICATION"],
  "ledger-registrar": [...LEDGER, "START_YEAR", ...METRICS],
  "ledger-operator": [...LEDGER, ...METRICS],
  "ledger-starter": ["JOB_NAME"],
  "untaken-objects": ["RAW_BUCKET", "S3_PATH_STYLE", ...METRICS],
  "lake-audit": ["CURATED_BUCKET", "S3_PATH_STYLE", "AUDITED_JOBS"],
  "alert-forwarder": ["PAGER_SECRETS"],
} as const satisfies Readonly<Record<string, readonly (keyof Variables)[]>>;

export type FunctionName = keyof typeof NAMES;

/** The environment variables of each function: the construct must set exactly these and the handler reads exactly these. */
export type FunctionVariables = { [Name in FunctionName]: Pick<Variables, (typeof NAMES)[Name][number]> };

/** Variables of a connection to the ledger. */
export type LedgerVariables = Pick<Variables, (typeof LEDGER)[number]>;

/**
 * The variables of one function, read once at the start of its module.
 *
 * @throws MissingVariableError naming every variable that is missing or empty
 */
export function readVariables<Name extends FunctionName>(
  name: Name,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): FunctionVariables[Name] {
  const wanted: readonly string[] = NAMES[name];
  const missing = wanted.filter((variable) => !environment[variable]);
  if (missing.length > 0) throw new MissingVariableError(name, missing);
  return Object.fromEntries(
    wanted.map((variable) => [variable, environment[variable]]),
  ) as FunctionVariables[Name];
}
