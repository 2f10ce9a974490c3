import { MissingVariableError } from "./errors";

/** Where the ledger is, and who asks. */
export interface LedgerVariables {
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
}

/**
 * The environment variables of each function, declared once: the construct must set exactly these and the
 * handler reads exactly these. All values are strings, as Lambda passes them.
 */
export interface FunctionVariables {
  "uploads-trigger": {
    /** Name of the DynamoDB table of uploads. */
    UPLOADS_TABLE: string;
    /** Name of the Glue job that processes pending uploads. */
    JOB_NAME: string;
  };
  "uploads-job-ended": {
    UPLOADS_TABLE: string;
    JOB_NAME: string;
    /** Environment name, in alert events and as the metrics' dimension. */
    ENVIRONMENT: string;
    /** CloudWatch namespace of the platform's metrics. */
    METRIC_NAMESPACE: string;
    /** EventBridge source of alert events, which observability routes by it. */
    ALERT_SOURCE: string;
  };
  "uploads-reconciler": {
    UPLOADS_TABLE: string;
    JOB_NAME: string;
    /** Bucket that uploads arrive in. */
    RAW_BUCKET: string;
    /** What the keys of uploads begin with, e.g. `input/`. */
    INPUT_PREFIX: string;
    /** Age in seconds from which an object counts as announced by no event. */
    GRACE_SECONDS: string;
    /** `true` where S3 is reached by path-style addresses (an emulator), else `false`. */
    S3_PATH_STYLE: string;
    ENVIRONMENT: string;
    METRIC_NAMESPACE: string;
  };
  "manifests-builder": {
    /** Name of the DynamoDB table of files (`runtime/manifests/tracking.ts`). */
    TRACKING_TABLE: string;
    /** Partitions that a date's files are spread over. */
    TRACKING_SHARDS: string;
    /** Bucket of manifests and receipts. */
    MANIFESTS_BUCKET: string;
    QUARANTINE_BUCKET: string;
    /** The declared text datasets as JSON (`runtime/manifests/text-datasets.ts`). */
    DATASETS: string;
    /** Most input bytes of one manifest. */
    MANIFEST_BYTES: string;
    /** Most files of one manifest. */
    MANIFEST_FILES: string;
    /** Age in seconds from which a claim without a manifest is given up: the function's timeout and a minute. */
    CLAIM_SECONDS: string;
    S3_PATH_STYLE: string;
    ENVIRONMENT: string;
    METRIC_NAMESPACE: string;
  };
  "control-plane": {
    TRACKING_TABLE: string;
    TRACKING_SHARDS: string;
    METRICS_TABLE: string;
    CONTROL_TABLE: string;
    MANIFESTS_BUCKET: string;
    /** Name of the Glue streaming job. */
    JOB_NAME: string;
    /** Workers of a run while the control table names no other number. */
    WORKERS: string;
    /** Name of the Glue catalog database. */
    DATABASE: string;
    S3_PATH_STYLE: string;
    ENVIRONMENT: string;
    METRIC_NAMESPACE: string;
    ALERT_SOURCE: string;
  };
  "manifests-reconciler": {
    TRACKING_TABLE: string;
    TRACKING_SHARDS: string;
    CONTROL_TABLE: string;
    RAW_BUCKET: string;
    MANIFESTS_BUCKET: string;
    CURATED_BUCKET: string;
    DATASETS: string;
    /** Queue that the manifest builder reads. */
    INPUTS_QUEUE_URL: string;
    /** Queue that the streaming job reads. */
    MANIFESTS_QUEUE_URL: string;
    /** Name of the function that takes what a receipt says into the books. */
    CONTROL_PLANE: string;
    GRACE_SECONDS: string;
    S3_PATH_STYLE: string;
    ENVIRONMENT: string;
    METRIC_NAMESPACE: string;
  };
  "ledger-migrator": LedgerVariables & {
    /** How the logins that it makes will prove who they are. */
    LOGIN_AUTHENTICATION: "iam" | "secret" | "none";
  };
  "ledger-registrar": LedgerVariables & {
    /** What the keys of raw JSON files begin with. */
    RAW_JSON_PREFIX: string;
    /** First year of the weekly folders. */
    START_YEAR: string;
    ENVIRONMENT: string;
    METRIC_NAMESPACE: string;
  };
  "ledger-operator": LedgerVariables & {
    ENVIRONMENT: string;
    METRIC_NAMESPACE: string;
  };
}

export type FunctionName = keyof FunctionVariables;

const LEDGER = {
  LEDGER_HOST: true,
  LEDGER_PORT: true,
  LEDGER_DATABASE: true,
  LEDGER_AUTHENTICATION: true,
  LEDGER_SECRET_ARN: true,
  LEDGER_TLS: true,
} as const;

const NAMES: { readonly [Name in FunctionName]: Record<keyof FunctionVariables[Name], true> } = {
  "uploads-trigger": { UPLOADS_TABLE: true, JOB_NAME: true },
  "uploads-job-ended": {
    UPLOADS_TABLE: true,
    JOB_NAME: true,
    ENVIRONMENT: true,
    METRIC_NAMESPACE: true,
    ALERT_SOURCE: true,
  },
  "uploads-reconciler": {
    UPLOADS_TABLE: true,
    JOB_NAME: true,
    RAW_BUCKET: true,
    INPUT_PREFIX: true,
    GRACE_SECONDS: true,
    S3_PATH_STYLE: true,
    ENVIRONMENT: true,
    METRIC_NAMESPACE: true,
  },
  "manifests-builder": {
    TRACKING_TABLE: true,
    TRACKING_SHARDS: true,
    MANIFESTS_BUCKET: true,
    QUARANTINE_BUCKET: true,
    DATASETS: true,
    MANIFEST_BYTES: true,
    MANIFEST_FILES: true,
    CLAIM_SECONDS: true,
    S3_PATH_STYLE: true,
    ENVIRONMENT: true,
    METRIC_NAMESPACE: true,
  },
  "control-plane": {
    TRACKING_TABLE: true,
    TRACKING_SHARDS: true,
    METRICS_TABLE: true,
    CONTROL_TABLE: true,
    MANIFESTS_BUCKET: true,
    JOB_NAME: true,
    WORKERS: true,
    DATABASE: true,
    S3_PATH_STYLE: true,
    ENVIRONMENT: true,
    METRIC_NAMESPACE: true,
    ALERT_SOURCE: true,
  },
  "manifests-reconciler": {
    TRACKING_TABLE: true,
    TRACKING_SHARDS: true,
    CONTROL_TABLE: true,
    RAW_BUCKET: true,
    MANIFESTS_BUCKET: true,
    CURATED_BUCKET: true,
    DATASETS: true,
    INPUTS_QUEUE_URL: true,
    MANIFESTS_QUEUE_URL: true,
    CONTROL_PLANE: true,
    GRACE_SECONDS: true,
    S3_PATH_STYLE: true,
    ENVIRONMENT: true,
    METRIC_NAMESPACE: true,
  },
  "ledger-migrator": { ...LEDGER, LOGIN_AUTHENTICATION: true },
  "ledger-registrar": {
    ...LEDGER,
    RAW_JSON_PREFIX: true,
    START_YEAR: true,
    ENVIRONMENT: true,
    METRIC_NAMESPACE: true,
  },
  "ledger-operator": { ...LEDGER, ENVIRONMENT: true, METRIC_NAMESPACE: true },
};

/**
 * The variables of one function, read once at the start of its module.
 *
 * @throws MissingVariableError naming every variable that is missing or empty
 */
export function readVariables<Name extends FunctionName>(
  name: Name,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): FunctionVariables[Name] {
  const wanted = Object.keys(NAMES[name]);
  const missing = wanted.filter((variable) => !environment[variable]);
  if (missing.length > 0) throw new MissingVariableError(name, missing);
  return Object.fromEntries(
    wanted.map((variable) => [variable, environment[variable]]),
  ) as FunctionVariables[Name];
}
