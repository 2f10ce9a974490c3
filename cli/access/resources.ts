import {
  alertTopicName,
  bucketName,
  databaseName,
  type Environment,
  iamArn,
  keptPlansPrefix,
  resourceName,
  stateBucketName,
  stateKey,
  workgroupName,
} from "../../environments/schema";
import type { Statement } from "./statement";

/** ARNs of what an environment is made of, by what they name; `*` stands for all of its names. */
export type Resources = ReturnType<typeof resourcesOf>;

/**
 * Names what an environment is made of.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/ (2026-11-30)
 */
export function resourcesOf(environment: Environment) {
  const { account, region } = environment;
  const whole = workgroupName(environment);
  const named = resourceName(environment, "*");
  const of = (service: string, rest: string) => [`arn:aws:${service}:${region}:${account}:${rest}`];
  const state = `arn:aws:s3:::${stateBucketName(environment)}`;
  return {
    stateBucket: [state],
    states: [`${state}/${stateKey(environment, "*")}`],
    locks: [`${state}/${stateKey(environment, "*")}.tflock`],
    plans: [`${state}/${keptPlansPrefix(environment)}*`],
    buckets: [`arn:aws:s3:::${resourceName(environment, `*-${account}`)}`],
    objects: [`arn:aws:s3:::${resourceName(environment, `*-${account}`)}/*`],
    artifacts: [`arn:aws:s3:::${bucketName(environment, "artifacts")}/*`],
    keys: of("kms", "key/*"),
    aliases: of("kms", `alias/${named}`),
    roles: [iamArn(environment, "role", named)],
    policies: [iamArn(environment, "policy", named)],
    // a name that goes on like this environment's, up to the dot
    othersAccess: [
      iamArn(environment, "role", resourceName(environment, "*.*")),
      iamArn(environment, "policy", resourceName(environment, "*.*")),
    ],
    interfaces: of("ec2", "network-interface/*"),
    networkGroups: of("ec2", "security-group/*"),
    networkRules: of("ec2", "security-group-rule/*"),
    functions: of("lambda", `function:${named}`),
    eventSources: of("lambda", "event-source-mapping:*"),
    queues: of("sqs", named),
    topic: of("sns", alertTopicName(environment)),
    rules: of("events", `rule/${named}`),
    schedules: of("scheduler", `schedule/default/${named}`),
    logGroups: [
      ...of("logs", `log-group:/aws/lambda/${named}`),
      ...of("logs", `log-group:/aws-glue/jobs*${named}`),
      ...of("logs", `log-group:/aws/rds/instance/${named}`),
      ...of("logs", `log-group:/tributary/${named}`),
    ],
    // Glue names some of them by itself
    allLogs: [...of("logs", `log-group:*${named}`), ...of("logs", `log-group:*${named}:log-stream:*`)],
    alarms: of("cloudwatch", `alarm:${named}`),
    dashboards: [`arn:aws:cloudwatch::${account}:dashboard/${whole}`],
    budgets: [`arn:aws:budgets::${account}:budget/${whole}`],
    trails: of("cloudtrail", `trail/${named}`),
    workgroups: of("athena", `workgroup/${whole}`),
    catalog: [
      ...of("glue", "catalog"),
      ...of("glue", `database/${databaseName(environment)}`),
      ...of("glue", `table/${databaseName(environment)}/*`),
    ],
    // of which a database is emptied with it
    userDefinedFunctions: of("glue", `userDefinedFunction/${databaseName(environment)}/*`),
    jobs: of("glue", `job/${named}`),
    triggers: of("glue", `trigger/${named}`),
    workflows: of("glue", `workflow/${named}`),
    connections: [...of("glue", "catalog"), ...of("glue", `connection/${named}`)],
    tables: of("dynamodb", `table/${named}`),
    indexes: of("dynamodb", `table/${named}/index/*`),
    bus: of("events", "event-bus/default"),
    logins: of("rds-db", "dbuser:*/*"),
    databases: ["db", "pg", "subgrp", "snapshot"].flatMap((type) => of("rds", `${type}:${named}`)),
    // of RDS, which writes all servers' metrics there
    metricLogs: [...of("logs", "log-group:RDS*"), ...of("logs", "log-group:RDS*:log-stream:*")],
    pagerSecrets: environment.alerts.pagerSecrets.flatMap((secret) =>
      of("secretsmanager", `secret:${secret}-??????`),
    ),
    secrets: of("secretsmanager", "secret:rds!db-*"),
  };
}

/** Condition that finds what carries the environment's tags, such as its keys, whose names are random. */
export function withOwnTags(
  { project, name }: Pick<Environment, "project" | "name">,
  kind: "Request" | "Resource",
): NonNullable<Statement["Condition"]> {
  return { StringEquals: { [`aws:${kind}Tag/project`]: project, [`aws:${kind}Tag/environment`]: name } };
}

/**
 * Condition that keeps away what carries the tags of another environment. What was made a moment ago, whose tags may not
 * count yet, and what has no such tags meet it.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_ec2_securitygroups-vpc.html (2026-11-30)
 */
export function withNoOthersTags(
  environment: Pick<Environment, "project" | "name">,
): NonNullable<Statement["Condition"]> {
  return { StringEqualsIfExists: withOwnTags(environment, "Resource")["StringEquals"] ?? {} };
}

/**
 * Condition that tells the secrets of the environment's own servers from those of others, which are named alike. RDS
 * tags each with its server; where such a tag counted for nothing the condition would be met.
 *
 * @see https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonRDSPreviewServiceRolePolicy.html (2026-11-30)
 */
export function ofOwnServers(environment: Environment): NonNullable<Statement["Condition"]> {
  const { account, region } = environment;
  const servers = `arn:aws:rds:${region}:${account}:db:${resourceName(environment, "*")}`;
  return { ArnLikeIfExists: { "aws:ResourceTag/aws:rds:primaryDBInstanceArn": servers } };
}
