import { MissingVariableError } from "./errors";

/**
 * The environment variables of each function, declared once: the construct must set exactly these and the
 * handler reads exactly these. All values are strings, as Lambda passes them.
 */
export interface FunctionVariables {
  "csv-trigger": {
    /** Name of the DynamoDB table of uploads. */
    UPLOADS_TABLE: string;
    /** Name of the Glue job that processes pending uploads. */
    JOB_NAME: string;
  };
  "job-ended": {
    UPLOADS_TABLE: string;
    JOB_NAME: string;
    /** Environment name, in alert events and as the metrics' dimension. */
    ENVIRONMENT: string;
    /** CloudWatch namespace of the platform's metrics. */
    METRIC_NAMESPACE: string;
    /** EventBridge source of alert events, which observability routes by it. */
    ALERT_SOURCE: string;
  };
  reconciler: {
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
}

export type FunctionName = keyof FunctionVariables;

const NAMES: { readonly [Name in FunctionName]: Record<keyof FunctionVariables[Name], true> } = {
  "csv-trigger": { UPLOADS_TABLE: true, JOB_NAME: true },
  "job-ended": {
    UPLOADS_TABLE: true,
    JOB_NAME: true,
    ENVIRONMENT: true,
    METRIC_NAMESPACE: true,
    ALERT_SOURCE: true,
  },
  reconciler: {
    UPLOADS_TABLE: true,
    JOB_NAME: true,
    RAW_BUCKET: true,
    INPUT_PREFIX: true,
    GRACE_SECONDS: true,
    S3_PATH_STYLE: true,
    ENVIRONMENT: true,
    METRIC_NAMESPACE: true,
  },
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
