import type { Finding } from "../checks/reviewed";
import type { StackJson } from "../support/stacks";

type Values = Readonly<Record<string, unknown>>;

/** Resource of an environment's stacks, and where it stands: `dev-storage aws_sqs_queue.inputs_queue`, without the id's hash. */
export interface Placed {
  readonly where: string;
  readonly type: string;
  readonly id: string;
  readonly values: Values;
}

/** Resources that break a rule. */
type Rule = (all: readonly Placed[]) => readonly Placed[];

export function placed(stacks: ReadonlyMap<string, StackJson>): Placed[] {
  return [...stacks].flatMap(([stack, { resource }]) =>
    Object.entries(resource).flatMap(([type, ids]) =>
      Object.entries(ids).map(([id, values]) => ({
        where: `${stack} ${type}.${id.replace(/_[0-9A-F]{8}$/, "")}`,
        type,
        id,
        values,
      })),
    ),
  );
}

/** Findings of all rules in the stacks of one environment. */
export function brokenRules(all: readonly Placed[]): Finding[] {
  return Object.entries(RULES).flatMap(([rule, breaking]) =>
    breaking(all).map(({ where }) => ({ rule, where })),
  );
}

const of = (all: readonly Placed[], type: string) => all.filter((each) => each.type === type);

/** Whether a value names a resource, whichever stack it stands in. */
const names = (value: unknown, { type, id }: Placed) => {
  const text = JSON.stringify(value) ?? "";
  return text.includes(`${type}.${id}.`) || text.includes(`cross-stack-output-${type}${id}`);
};

/** Those of a type that no alarm has in a dimension. */
const unwatched =
  (type: string, name: string, dimension: string): Rule =>
  (all) => {
    const watched = of(all, "aws_cloudwatch_metric_alarm").map(
      ({ values }) => (values["dimensions"] as Values | undefined)?.[dimension],
    );
    return of(all, type).filter(({ values }) => !watched.includes(values[name]));
  };

/** Those of a type that no other resource of `by` names. */
const without =
  (type: string, by: string, isGuard: (values: Values) => boolean = () => true): Rule =>
  (all) => {
    const guards = of(all, by).filter(({ values }) => isGuard(values));
    return of(all, type).filter((each) => !guards.some(({ values }) => names(values, each)));
  };

interface Statement {
  readonly Effect: string;
  readonly Principal?: unknown;
  readonly Action?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Values>>;
}

/** Statements of the policies in a resource. */
export function statementsIn(value: unknown): Statement[] {
  if (typeof value === "string") {
    return value.startsWith("{") && value.includes('"Statement"') ? [JSON.parse(value).Statement].flat() : [];
  }
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(statementsIn) : [];
}

const deniesPlain = (values: Values) =>
  statementsIn(values).some(
    ({ Effect, Principal, Condition }) =>
      Effect === "Deny" &&
      JSON.stringify(Principal).includes('"*"') &&
      String(Condition?.["Bool"]?.["aws:SecureTransport"]) === "false",
  );

const BLOCKS = ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"];

/** Whether it allows actions of whole services, or anybody. */
function isWide({ Effect, Principal, Action }: Statement): boolean {
  const actions = [Action ?? "*"].flat();
  return (
    Effect === "Allow" &&
    (actions.some((each) => each === "*" || each.endsWith(":*")) ||
      (Principal !== undefined && JSON.stringify(Principal).includes('"*"')))
  );
}

/** Whether it hands on roles that it does not name, or to services that it does not name. */
export function passesAnyRole({ Effect, Action, Resource, Condition = {} }: Statement): boolean {
  const passes = [Action ?? []].flat().some((each) => /^(iam:(PassRole|\*)|\*)$/.test(each));
  const isNamed = [Resource ?? "*"].flat().every((each) => /:role\/[^*]/.test(each));
  const services = Object.values(Condition).some((keys) => "iam:PassedToService" in keys);
  return Effect === "Allow" && passes && !(isNamed && services);
}

/** Functions that somebody calls without waiting for the answer. */
const asynchronous: Rule = (all) => {
  const callers = all.filter(({ type }) =>
    /^aws_(cloudwatch_event_target|scheduler_schedule|s3_bucket_notification|sns_topic_subscription)$/.test(
      type,
    ),
  );
  const kept = of(all, "aws_lambda_function_event_invoke_config").filter(({ values }) =>
    JSON.stringify(values["destination_config"] ?? "").includes("on_failure"),
  );
  return of(all, "aws_lambda_function").filter(
    (each) =>
      callers.some(({ values }) => names(values, each)) && !kept.some(({ values }) => names(values, each)),
  );
};

/** Jobs of whose ends no rule hears whose own failures an alarm watches. */
const unheardJobs: Rule = (all) => {
  const watched = of(all, "aws_cloudwatch_metric_alarm").map(
    ({ values }) => (values["dimensions"] as Values | undefined)?.["RuleName"],
  );
  const heard = of(all, "aws_cloudwatch_event_rule")
    .filter(({ values }) => watched.includes(values["name"]))
    .map(({ values }) => String(values["event_pattern"]))
    .filter((pattern) => pattern.includes("Glue Job State Change"));
  return of(all, "aws_glue_job").filter(
    ({ values }) => !heard.some((pattern) => pattern.includes(JSON.stringify(values["name"]))),
  );
};

export const RULES: Readonly<Record<string, Rule>> = {
  "queue without an alarm": unwatched("aws_sqs_queue", "name", "QueueName"),
  "function without an alarm": unwatched("aws_lambda_function", "function_name", "FunctionName"),
  "job without an alarm": unheardJobs,
  "asynchronous function without dead letters": asynchronous,
  "queue without dead letters": (all) =>
    of(all, "aws_sqs_queue").filter(
      ({ values }) =>
        values["redrive_policy"] === undefined &&
        !/-(failures|dead-letters|undelivered-events)$/.test(String(values["name"])),
    ),
  "event target without dead letters": (all) =>
    of(all, "aws_cloudwatch_event_target").filter(({ values }) => values["dead_letter_config"] === undefined),
  "subscription without dead letters": (all) =>
    of(all, "aws_sns_topic_subscription").filter(({ values }) => values["redrive_policy"] === undefined),
  "schedule without dead letters": (all) =>
    of(all, "aws_scheduler_schedule").filter(
      ({ values }) => (values["target"] as Values)["dead_letter_config"] === undefined,
    ),
  "log group without an end": (all) =>
    of(all, "aws_cloudwatch_log_group").filter(({ values }) => !(Number(values["retention_in_days"]) > 0)),
  "bucket without a public access block": without(
    "aws_s3_bucket",
    "aws_s3_bucket_public_access_block",
    (values) => BLOCKS.every((name) => values[name] === true),
  ),
  "bucket without encryption": without("aws_s3_bucket", "aws_s3_bucket_server_side_encryption_configuration"),
  "bucket without TLS": without("aws_s3_bucket", "aws_s3_bucket_policy", deniesPlain),
  "topic without TLS": without("aws_sns_topic", "aws_sns_topic_policy", deniesPlain),
  "queue without TLS": (all) => of(all, "aws_sqs_queue").filter(({ values }) => !deniesPlain(values)),
  "unencrypted queue, topic or table": (all) =>
    all.filter(
      ({ type, values }) =>
        (type === "aws_sqs_queue" &&
          !values["kms_master_key_id"] &&
          values["sqs_managed_sse_enabled"] !== true) ||
        (type === "aws_sns_topic" && !values["kms_master_key_id"]) ||
        (type === "aws_dynamodb_table" && (values["server_side_encryption"] as Values)?.["enabled"] !== true),
    ),
  "key that does not rotate": (all) =>
    of(all, "aws_kms_key").filter(({ values }) => values["enable_key_rotation"] !== true),
  "wildcard in a policy": (all) => all.filter(({ values }) => statementsIn(values).some(isWide)),
  "any role passed on": (all) =>
    all.filter(({ type, values }) => /^aws_iam_/.test(type) && statementsIn(values).some(passesAnyRole)),
};
