import { expect, test } from "@jest/globals";
import { dev } from "../../environments/dev";
import { prod } from "../../environments/prod";
import type { Environment } from "../../environments/schema";
import { parseEnvironment } from "../../environments/schema/environment";
import { synthesize } from "../support/synthesize";

/**
 * Maximum characters of names, by the argument of Terraform's that has them.
 *
 * @see https://docs.aws.amazon.com/athena/latest/APIReference/API_CreateNamedQuery.html (2026-12-01)
 * @see https://docs.aws.amazon.com/athena/latest/APIReference/API_CreateWorkGroup.html (2026-11-30)
 * @see https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Budget.html (2026-11-30)
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html (2026-11-30)
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html (2026-11-30)
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html (2026-11-30)
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html (2026-11-30)
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html (2026-11-30)
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateConnection.html (2026-11-30)
 * @see https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html (2026-11-30)
 * @see https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html (2026-11-30)
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html (2026-11-30)
 * @see https://docs.aws.amazon.com/glue/latest/webapi/API_CreateJob.html (2026-11-30)
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (2026-11-30)
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html (2026-11-30)
 * @see https://docs.aws.amazon.com/lambda/latest/dg/API_CreateFunction.html (2026-11-30)
 * @see https://docs.aws.amazon.com/lambda/latest/dg/API_AddPermission.html (2026-11-30)
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html (2026-11-30)
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html (2026-11-30)
 * @see https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html (2026-11-30)
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html (2026-11-30)
 */
const LIMITS: Readonly<Record<string, number>> = {
  "aws_athena_named_query.name": 128,
  "aws_athena_workgroup.name": 128,
  "aws_budgets_budget.name": 100,
  "aws_cloudtrail.name": 128,
  "aws_cloudwatch_dashboard.dashboard_name": 255,
  "aws_cloudwatch_event_api_destination.name": 64,
  "aws_cloudwatch_event_connection.name": 64,
  "aws_cloudwatch_event_rule.name": 64,
  "aws_cloudwatch_log_group.name": 512,
  "aws_cloudwatch_metric_alarm.alarm_name": 255,
  "aws_db_instance.db_name": 63,
  "aws_db_instance.final_snapshot_identifier": 255,
  "aws_db_instance.identifier": 63,
  "aws_db_parameter_group.name": 255,
  "aws_db_subnet_group.name": 255,
  "aws_dynamodb_table.name": 255,
  "aws_glue_catalog_database.name": 255,
  "aws_glue_catalog_table.name": 255,
  "aws_glue_connection.name": 255,
  "aws_glue_job.name": 255,
  "aws_glue_security_configuration.name": 255,
  "aws_glue_trigger.name": 255,
  "aws_glue_workflow.name": 255,
  "aws_iam_policy.name": 128,
  "aws_iam_role.name": 64,
  "aws_iam_role_policy.name": 128,
  "aws_kms_alias.name": 256,
  "aws_lambda_function.function_name": 64,
  "aws_lambda_permission.statement_id": 100,
  "aws_s3_bucket.bucket": 63,
  "aws_scheduler_schedule.name": 64,
  "aws_security_group.name": 255,
  "aws_sns_topic.display_name": 100,
  "aws_sns_topic.name": 256,
  "aws_sqs_queue.name": 80,
};

/** Arguments that look like names and are AWS's, or name another resource. */
const OTHERS = new Set([
  "aws_cloudwatch_metric_alarm.metric_name",
  "aws_db_instance.username",
  "aws_vpc_endpoint.service_name",
]);

const NAME = /(^|_)(name|bucket|identifier|statement_id)$|^username$/;

/** Every name that the stacks of `environment` give, as `type.argument name`. */
function namesOf(environment: Environment): [argument: string, name: string][] {
  return [...synthesize([environment]).values()].flatMap(({ resource }) =>
    Object.entries(resource).flatMap(([type, resources]) =>
      Object.values(resources).flatMap((attributes) =>
        Object.entries(attributes)
          .filter(([argument, name]) => NAME.test(argument) && !String(name).startsWith("${"))
          .map(([argument, name]): [string, string] => [`${type}.${argument}`, String(name)]),
      ),
    ),
  );
}

const PROJECT = "p".repeat(16);
const ENVIRONMENT = "e".repeat(12);

const names = [dev, prod]
  .map((settings) => parseEnvironment(ENVIRONMENT, { ...settings, project: PROJECT }))
  .flatMap(namesOf)
  .filter(([argument]) => !OTHERS.has(argument));

test("each name has a limit that is known here", () => {
  expect([...new Set(names.map(([argument]) => argument))].filter((each) => !(each in LIMITS))).toEqual([]);
});

test("every name keeps its limit with the longest project and environment", () => {
  const tooLong = names.filter(([argument, name]) => name.length > (LIMITS[argument] ?? Number.NaN));
  expect(tooLong).toEqual([]);
});

test("no longer project or environment is accepted", () => {
  expect(() => parseEnvironment(ENVIRONMENT, { ...dev, project: `${PROJECT}p` })).toThrow(/project/);
  expect(() => parseEnvironment(`${ENVIRONMENT}e`, dev)).toThrow(/12/);
});
