import { CommandError } from "../../../setup/errors";
import { CONNECTION_ERRORS } from "../command/errors";
import { type Check, type Finding, failure, notChecked } from "./check";

/** Thrown when a check has not ended in its time. */
export class TookTooLong extends Error {
  override readonly name = "TookTooLong";

  constructor(milliseconds: number) {
    super(`an answer within ${milliseconds / 1000} s`);
  }
}

/** Errors by which AWS says that the credentials are none, or none any more. */
const NO_CREDENTIALS = new Set([
  "AuthFailure",
  "CredentialsProviderError",
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "SignatureDoesNotMatch",
  "TokenProviderError",
  "UnrecognizedClientException",
]);

/** Errors by which a service says that it is not there, for this account, region or operation. */
const NO_SERVICE = new Set([
  "InvalidAction",
  "OptInRequired",
  "SubscriptionRequiredException",
  "Unknown",
  "UnknownError",
  "UnknownOperationException",
  "UnsupportedOperation",
]);

const DENIED = /^AccessDenied|^Unauthorized|^AuthorizationError|^NotAuthorized|^Forbidden$|^403$/;
const THROTTLED = /Throttl|^TooManyRequests|^RequestLimitExceeded$|^SlowDown$|^LimitExceededException$/;

/** Names of services by the first part of their actions. */
const SERVICES: Readonly<Record<string, string>> = {
  ce: "Cost Explorer",
  cloudwatch: "CloudWatch",
  dynamodb: "DynamoDB",
  ec2: "EC2",
  events: "EventBridge",
  glue: "Glue",
  guardduty: "GuardDuty",
  iam: "IAM",
  lakeformation: "Lake Formation",
  lambda: "Lambda",
  rds: "RDS",
  s3: "S3",
  scheduler: "EventBridge Scheduler",
  servicequotas: "Service Quotas",
  sns: "SNS",
  ssm: "Systems Manager",
  sts: "STS",
};

/** An error's fields that tell its kind. */
interface Thrown {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly cause?: { readonly code?: string };
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** Returns whether an error says that there are no credentials, or none that AWS takes. */
export function lacksCredentials({ name }: Error): boolean {
  return NO_CREDENTIALS.has(name);
}

/** Returns whether an error says that AWS has no call left for the moment. */
export function isThrottled(error: unknown): boolean {
  return error instanceof Error && THROTTLED.test(error.name);
}

/** Finding of a check that ended in an error: what was missing, or that the check itself is wrong. */
export function unchecked(error: unknown, { actions }: Pick<Check, "actions">): Finding {
  if (!(error instanceof Error)) return faulty(String(error));
  const { name, message, code, cause, $metadata } = error as Thrown;
  const status = $metadata?.httpStatusCode;
  if (error instanceof TookTooLong || error instanceof CommandError) return notChecked(message);
  if (lacksCredentials(error)) return notChecked(`credentials that work (${message || name})`);
  if (DENIED.test(name) || status === 403) return notChecked(`permission ${deniedAction(message, actions)}`);
  if (isThrottled(error)) return notChecked("a moment in which AWS throttles no calls; try again");
  const isUnreached = [code, cause?.code].some((each) => CONNECTION_ERRORS.has(String(each)));
  if (name === "TimeoutError") return notChecked(`an answer of ${servicesOf(actions)} in time`);
  if (isUnreached || NO_SERVICE.has(name) || (status ?? 0) >= 500) {
    return notChecked(`service ${servicesOf(actions)}`);
  }
  return $metadata === undefined
    ? faulty(error.stack ?? message)
    : notChecked(`an answer of ${servicesOf(actions)} (${name}: ${message})`);
}

/** Action that a message of AWS names; those that the check needs where it names none. */
function deniedAction(message: string, actions: readonly string[]): string {
  const [, named] = /not authorized to perform:? ([a-z0-9-]+:[A-Za-z]+)/.exec(message) ?? [];
  return named ?? actions.join(" or ");
}

function servicesOf(actions: readonly string[]): string {
  const prefixes = new Set(actions.map((action) => action.split(":")[0] ?? ""));
  return [...prefixes].map((prefix) => SERVICES[prefix] ?? prefix).join(" or ");
}

function faulty(what: string): Finding {
  return failure(`the check itself is wrong: ${what}`, { wayOut: "report this; the other checks hold" });
}
