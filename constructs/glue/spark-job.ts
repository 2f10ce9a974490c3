import { GlueJob, type GlueJobConfig } from "@cdktf/provider-aws/lib/glue-job";
import { GlueSecurityConfiguration } from "@cdktf/provider-aws/lib/glue-security-configuration";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import type { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { ExecutionClass } from "../../runtime/glue-workers";
import type { CodeFile } from "../code/code-object";
import { jobScript } from "../code/glue-package";
import { useKey } from "../encryption-key";
import type { PolicyStatement } from "../policy";
import { ServiceRole } from "../service-role";
import type { GlueConnections } from "./glue-connections";
import { managedArguments, type ScriptArguments, scriptArguments } from "./job-arguments";
import type { JobCode } from "./job-code";
import { addressOf, type JobFolders, useFolders } from "./job-folders";
import { jobLogGroups, writeJobLogs } from "./job-log-groups";
import { checkJob } from "./job-rules";
import type { KindOfRun } from "./kind-of-run";

/** ARNs of the keys that a job works with. */
export interface JobKeys {
  /** Key of its script, package and wheels. */
  readonly code: string;
  /** Key of what Spark writes by itself, and of bookmarks. */
  readonly data: string;
  readonly logs: string;
}

/** Props of a Spark job of any kind. */
export interface SparkJobProps extends ScriptArguments, JobFolders {
  /** Name of the job, and of its role and its security configuration. */
  readonly jobName: string;
  readonly description: string;
  /** Script in glue/jobs/, without its ending. */
  readonly script: string;
  /** Package and wheels, and the store of the script; without wheels, the workers have them. */
  readonly code: JobCode;
  /** Bucket of script, package and wheels. */
  readonly artifacts: S3Bucket;
  readonly account: string;
  readonly region: string;
  readonly keys: JobKeys;
  readonly glueVersion: string;
  readonly workerType: string;
  /** DPUs of a job that has no `workerType`: a Spark job has one from Glue 2.0 on. */
  readonly maxCapacity?: never;
  /** Workers of a run, the driver's included. */
  readonly numberOfWorkers: number;
  /** Workers up to which Glue's auto scaling adds some. @default - `numberOfWorkers`: no auto scaling */
  readonly maximumWorkers?: number;
  /**
   * `FLEX` takes spare capacity, for less and later: batch jobs with small workers alone.
   *
   * @default "STANDARD"
   * @see https://docs.aws.amazon.com/cdk/api/v2/docs/@aws-cdk_aws-glue-alpha.PySparkFlexEtlJob.html (2026-12-01)
   */
  readonly executionClass?: ExecutionClass;
  /**
   * Further settings of Spark, by their names.
   *
   * @default - none
   * @see https://spark.apache.org/docs/3.5.4/configuration.html (2026-12-01)
   */
  readonly sparkConf?: Readonly<Record<string, string>>;
  /**
   * Glue remembers what a run has read, for scripts that read by its own readers and commit the job.
   *
   * @default false
   * @see https://docs.aws.amazon.com/glue/latest/dg/monitor-continuations.html (2026-12-01)
   */
  readonly bookmarks?: boolean;
  /**
   * Glue's metrics of Spark, which CloudWatch bills.
   *
   * @default true
   * @see https://docs.aws.amazon.com/glue/latest/dg/monitoring-awsglue-with-cloudwatch-metrics.html (2026-12-01)
   */
  readonly metrics?: boolean;
  /** Files that every worker finds in its working folder, beside the script. @default - none */
  readonly extraFiles?: readonly CodeFile[];
  /** Connections in whose subnets it runs. @default - outside of any VPC */
  readonly connections?: GlueConnections | undefined;
  readonly logRetentionDays: number;
  /** Role of its runs. @default - one of its own, with what Glue needs and `statements` */
  readonly role?: IamRole;
  /** What its code may do, beside reading itself and writing logs and metrics. @default - nothing */
  readonly statements?: readonly PolicyStatement[];
}

/** Core of the Spark jobs: a job with a role, a security configuration and log groups of its own. */
export abstract class SparkJob extends Construct {
  readonly job: GlueJob;
  private readonly arn: string;

  constructor(scope: Construct, id: string, props: SparkJobProps, run: KindOfRun) {
    super(scope, id);
    checkJob(this.node.path, { ...props, ...run });
    const { jobName, code, maximumWorkers = props.numberOfWorkers } = props;
    this.arn = `arn:aws:glue:${props.region}:${props.account}:job/${jobName}`;
    const role = this.role(props);
    const logs = jobLogGroups(this, { ...props, keyArn: props.keys.logs });
    const script = code.store.add("glue", jobScript(props.script));
    const own = scriptArguments(jobName, props);
    this.job = new GlueJob(this, "job", {
      name: jobName,
      description: props.description,
      roleArn: role.arn,
      glueVersion: props.glueVersion,
      executionClass: props.executionClass ?? "STANDARD",
      workerType: props.workerType,
      // with auto scaling, Glue's number is the maximum
      numberOfWorkers: maximumWorkers,
      ...runFields(run),
      ...(props.connections === undefined ? {} : { connections: [...props.connections.names] }),
      securityConfiguration: this.securityConfiguration(props).name,
      command: { name: run.command, pythonVersion: "3", scriptLocation: script },
      defaultArguments: own.ofCaller,
      nonOverridableArguments: {
        ...managedArguments({
          script,
          code,
          extraFiles: (props.extraFiles ?? []).map((file) => code.store.add("glue", file)),
          logGroupPrefix: logs.prefix,
          bookmarks: props.bookmarks ?? false,
          metrics: props.metrics ?? true,
          sparkUi: props.sparkUi && addressOf(props.sparkUi),
          temporaryFolder: props.temporaryFolder && addressOf(props.temporaryFolder),
          sparkConf: props.sparkConf ?? {},
          autoScaling: maximumWorkers > props.numberOfWorkers,
        }),
        ...own.fixed,
      },
      dependsOn: [...role.policies, ...logs.groups, code.store.uploads],
    });
    code.store.isNamedBy(this.job);
  }

  /** Statement that allows to start runs, and what else of the job. */
  grantStart(further: readonly string[] = []): PolicyStatement {
    return { sid: "StartJob", actions: [...further, "glue:StartJobRun"], resources: [this.arn] };
  }

  /** The role that was given, or one of the job's own, with the policies to wait for. */
  private role(props: SparkJobProps): { arn: string; policies: readonly ITerraformDependable[] } {
    if (props.role !== undefined) return { arn: props.role.arn, policies: [] };
    const { role, policies } = new ServiceRole(this, "role", {
      roleName: props.jobName,
      description: `permissions of the Glue job ${props.jobName}`,
      service: "glue.amazonaws.com",
      account: props.account,
      statements: jobStatements(props),
    });
    return { arn: role.arn, policies };
  }

  private securityConfiguration({ jobName, keys }: SparkJobProps): GlueSecurityConfiguration {
    return new GlueSecurityConfiguration(this, "security-configuration", {
      name: jobName,
      encryptionConfiguration: {
        cloudwatchEncryption: { cloudwatchEncryptionMode: "SSE-KMS", kmsKeyArn: keys.logs },
        jobBookmarksEncryption: { jobBookmarksEncryptionMode: "CSE-KMS", kmsKeyArn: keys.data },
        s3Encryption: { s3EncryptionMode: "SSE-KMS", kmsKeyArn: keys.data },
      },
    });
  }
}

/**
 * Statements of a job's own role, for which the namespace is the only limit of PutMetricData.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html (2026-11-29)
 */
function jobStatements({ jobName, region, account, ...props }: SparkJobProps): PolicyStatement[] {
  return [
    writeJobLogs(jobName, region, account),
    {
      sid: "WriteJobMetrics",
      actions: ["cloudwatch:PutMetricData"],
      resources: ["*"], // PutMetricData takes no resources
      condition: { StringEquals: { "cloudwatch:namespace": "Glue" } },
    },
    {
      sid: "ReadOwnCode",
      actions: ["s3:GetObject"],
      resources: [`${props.artifacts.arn}/glue/*`, `${props.artifacts.arn}/wheels/*`],
    },
    useKey("Code", props.keys.code, region, "read"),
    ...(props.connections?.statements ?? []),
    ...useFolders(props, props.keys.data, region),
    ...(props.statements ?? []),
  ];
}

function runFields(run: KindOfRun): Partial<GlueJobConfig> {
  const { notifyAfterMinutes, maintenanceWindow, jobRunQueuing = false } = run;
  return {
    timeout: run.timeoutMinutes,
    maxRetries: run.maximumRetries,
    executionProperty: { maxConcurrentRuns: run.concurrentRuns },
    ...(jobRunQueuing ? { jobRunQueuingEnabled: true } : {}),
    ...(maintenanceWindow === undefined ? {} : { maintenanceWindow }),
    ...(notifyAfterMinutes === undefined
      ? {}
      : { notificationProperty: { notifyDelayAfter: notifyAfterMinutes } }),
  };
}
