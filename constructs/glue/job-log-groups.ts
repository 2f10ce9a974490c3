import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import type { Construct } from "constructs";
import type { PolicyStatement } from "../policy";

export interface JobLogs {
  readonly jobName: string;
  readonly logRetentionDays: number;
  /** ARN of the key of the log groups. */
  readonly keyArn: string;
}

/** Beginning of the names of the jobs' log groups. */
const LOG_PREFIX = "/aws-glue/jobs";

/** Log groups of a job. */
interface JobLogGroups {
  /** Beginning of the names of the job's own. */
  readonly prefix: string;
  /** Where a run begins before them, Glue makes its own, and Terraform finds a name taken. */
  readonly groups: readonly CloudwatchLogGroup[];
}

/** Creates all log groups that Glue may write to: one that it made by itself would keep its events for ever. */
export function jobLogGroups(scope: Construct, { jobName, logRetentionDays, keyArn }: JobLogs): JobLogGroups {
  const groups = Object.entries(logGroupNames(jobName)).map(
    ([id, name]) =>
      new CloudwatchLogGroup(scope, `log-group-${id}`, {
        name,
        retentionInDays: logRetentionDays,
        kmsKeyId: keyArn,
      }),
  );
  return { prefix: `${LOG_PREFIX}/${jobName}`, groups };
}

/** Statement to write to any of them. */
export function writeJobLogs(jobName: string, region: string, account: string): PolicyStatement {
  const groups = `arn:aws:logs:${region}:${account}:log-group:${LOG_PREFIX}`;
  const encrypted = `-${jobName}-${jobName}/*`;
  return {
    sid: "WriteJobLogs",
    actions: [
      "logs:CreateLogGroup",
      "logs:CreateLogStream",
      "logs:PutLogEvents",
      "logs:AssociateKmsKey", // Glue ties the groups that it creates to the security configuration's key
    ],
    resources: [
      `${groups}/${jobName}/*`,
      `${groups}/${jobName}${encrypted}`,
      `${groups}${encrypted}`,
      `${groups}/output-${jobName}:*`,
      `${groups}/error-${jobName}:*`,
    ],
  };
}

/**
 * Names of all log groups that Glue may write to, by their ids. The guide has those behind the job's own prefix, and
 * behind a security configuration its name at the end; the API's model has one after role and configuration. Both have
 * the job's name here. Which of them Glue 5 takes with a prefix and a configuration together, no document says.
 *
 * @see https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html (2026-11-30)
 * @see https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging-enable.html (2026-11-30)
 * @see https://docs.aws.amazon.com/sdk-for-kotlin/api/latest/glue/aws.sdk.kotlin.services.glue.model/-job-run/log-group-name.html (2026-11-29)
 */
function logGroupNames(jobName: string): Readonly<Record<string, string>> {
  const own = `${LOG_PREFIX}/${jobName}`;
  const byRole = `-${jobName}-${jobName}`;
  const names = (["output", "error"] as const).flatMap((stream) => [
    [stream, `${own}/${stream}`],
    [`${stream}-configuration`, `${own}/${stream}-${jobName}`],
    [`${stream}-default`, `${LOG_PREFIX}/${stream}-${jobName}`],
    [`${stream}-role`, `${own}${byRole}/${stream}`],
    [`${stream}-default-role`, `${LOG_PREFIX}${byRole}/${stream}`],
  ]);
  return Object.fromEntries(names);
}
