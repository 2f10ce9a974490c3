import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { GlueJob as AwsGlueJob } from "@cdktf/provider-aws/lib/glue-job";
import { GlueSecurityConfiguration } from "@cdktf/provider-aws/lib/glue-security-configuration";
import type { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { Construct } from "constructs";
import { jobScript } from "../code/glue-package";
import { useKey } from "../encryption-key";
import type { PolicyStatement } from "../policy";
import { ServiceRole } from "../service-role";
import type { GlueConnections } from "./glue-connections";
import type { JobCode } from "./job-code";

/** Run that ends when its work does. */
export interface BatchRun {
  readonly kind: "batch";
  readonly timeoutMinutes: number;
  readonly maximumRetries: number;
}

/**
 * Run that goes on as long as Glue lets it: it takes the longest time limit, and none of Glue's retries, for the
 * control plane starts it again.
 */
export interface StreamingRun {
  readonly kind: "streaming";
  /**
   * Day and hour in UTC, e.g. `Sun:3`, at which Glue may end it for maintenance. The guide has Glue do so to runs of
   * seven days or more alone, which the time limit is a minute short of.
   *
   * @see https://docs.aws.amazon.com/glue/latest/dg/glue-streaming-maintenance.html (2026-11-30)
   */
  readonly maintenanceWindow: string;
}

/**
 * Longest time limit of a run in minutes, a minute below seven days. The API takes "less than 7 days or 10080
 * minutes", which is without the 10,080 or with it. A streaming job without a limit would get Glue 5.0's default, 480.
 *
 * @see https://docs.aws.amazon.com/sdk-for-kotlin/api/latest/glue/aws.sdk.kotlin.services.glue.model/-job-run/timeout.html (2026-11-30)
 */
const LONGEST_MINUTES = 10_079;

/** ARNs of the keys that a job works with. */
export interface GlueJobKeys {
  /** Key of its script, package and wheels. */
  readonly code: string;
  /** Key of what Spark writes by itself. */
  readonly data: string;
  readonly logs: string;
}

export interface GlueJobProps {
  readonly jobName: string;
  readonly description: string;
  /** Script in glue/jobs/, without its ending. */
  readonly script: string;
  /** Bucket of script, package and wheels. */
  readonly artifacts: S3Bucket;
  readonly account: string;
  readonly region: string;
  readonly keys: GlueJobKeys;
  readonly glueVersion: string;
  readonly workerType: string;
  /** Number of workers of a run; with auto scaling the maximum. */
  readonly numberOfWorkers: number;
  readonly autoScaling: boolean;
  readonly run: BatchRun | StreamingRun;
  /** Maximum number of concurrent runs; a start beyond it is refused. @default 1 */
  readonly concurrentRuns?: number;
  /** Connections in whose subnets it runs. @default - outside of any VPC */
  readonly connections?: GlueConnections | undefined;
  readonly logRetentionDays: number;
  /** Package and wheels, and the store of the script; without wheels, the workers have them. */
  readonly code: JobCode;
  /** The script's own arguments, without the leading hyphens. */
  readonly arguments: Readonly<Record<string, string>>;
  /** Names of those that whoever starts a run may set otherwise. @default - none */
  readonly callerArguments?: readonly string[];
  readonly statements: readonly PolicyStatement[];
}

/** Beginning of the names of the jobs' log groups. */
const LOG_PREFIX = "/aws-glue/jobs";

/** Glue Spark job with a role, a security configuration and log groups of its own. */
export class GlueJob extends Construct {
  readonly job: AwsGlueJob;

  constructor(scope: Construct, id: string, props: GlueJobProps) {
    super(scope, id);
    const role = this.role(props);
    const logGroupPrefix = this.logGroups(props);
    const { store } = props.code;
    const script = store.add("glue", jobScript(props.script));
    const own = ownArguments(props);
    this.job = new AwsGlueJob(this, "job", {
      name: props.jobName,
      description: props.description,
      roleArn: role.role.arn,
      glueVersion: props.glueVersion,
      executionClass: "STANDARD",
      workerType: props.workerType,
      numberOfWorkers: props.numberOfWorkers,
      ...runFields(props.run),
      executionProperty: { maxConcurrentRuns: props.concurrentRuns ?? 1 },
      ...(props.connections === undefined ? {} : { connections: [...props.connections.names] }),
      securityConfiguration: this.securityConfiguration(props).name,
      command: {
        name: props.run.kind === "batch" ? "glueetl" : "gluestreaming",
        pythonVersion: "3",
        scriptLocation: script,
      },
      defaultArguments: own.ofCaller,
      nonOverridableArguments: {
        ...codeArguments(script, props.code),
        ...this.managedArguments(props, logGroupPrefix),
        ...own.fixed,
      },
      dependsOn: [...role.policies, store.uploads],
    });
    store.isNamedBy(this.job);
  }

  /**
   * Creates the role, for which the namespace is the only limit of PutMetricData.
   *
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html (2026-11-29)
   */
  private role(props: GlueJobProps): ServiceRole {
    const { jobName } = props;
    const groups = `arn:aws:logs:${props.region}:${props.account}:log-group:${LOG_PREFIX}`;
    const encrypted = `-${jobName}-${jobName}/*`;
    return new ServiceRole(this, "role", {
      roleName: props.jobName,
      description: `permissions of the Glue job ${props.jobName}`,
      service: "glue.amazonaws.com",
      account: props.account,
      statements: [
        {
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
        },
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
        useKey("Code", props.keys.code, props.region, "read"),
        ...(props.connections?.statements ?? []),
        ...props.statements,
      ],
    });
  }

  /**
   * Creates all log groups that Glue may write to: one that it made by itself would keep its events for ever.
   *
   * @returns the prefix of the job's own
   */
  private logGroups(props: GlueJobProps): string {
    for (const [id, name] of Object.entries(logGroupNames(props.jobName))) {
      new CloudwatchLogGroup(this, `log-group-${id}`, {
        name,
        retentionInDays: props.logRetentionDays,
        kmsKeyId: props.keys.logs,
      });
    }
    return `${LOG_PREFIX}/${props.jobName}`;
  }

  private securityConfiguration(props: GlueJobProps): GlueSecurityConfiguration {
    return new GlueSecurityConfiguration(this, "security-configuration", {
      name: props.jobName,
      encryptionConfiguration: {
        cloudwatchEncryption: { cloudwatchEncryptionMode: "SSE-KMS", kmsKeyArn: props.keys.logs },
        jobBookmarksEncryption: { jobBookmarksEncryptionMode: "CSE-KMS", kmsKeyArn: props.keys.data },
        s3Encryption: { s3EncryptionMode: "SSE-KMS", kmsKeyArn: props.keys.data },
      },
    });
  }

  private managedArguments(props: GlueJobProps, logGroupPrefix: string): Record<string, string> {
    return {
      "--job-language": "python",
      "--job-bookmark-option": "job-bookmark-disable",
      "--enable-metrics": "true",
      "--enable-continuous-cloudwatch-log": "true",
      "--custom-logGroup-prefix": logGroupPrefix,
      ...(props.autoScaling ? { "--enable-auto-scaling": "true" } : {}),
      ...(props.code.wheels.length > 0 ? { "--additional-python-modules": props.code.wheels.join(",") } : {}),
    };
  }
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

/**
 * Arguments by which code gets into a run: whoever may start the job must set none of them, so all have a value
 * here, which replaces that of a run. AWS documents no empty one, so where a job has nothing of the kind, the value
 * names what the run has anyway.
 *
 * @see https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-python-intro.html (2026-11-30)
 * @see https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html (2026-11-30)
 */
function codeArguments(script: string, code: JobCode): Record<string, string> {
  return {
    "--scriptLocation": script,
    "--extra-py-files": code.package,
    "--extra-files": script,
    // an archive without classes
    "--extra-jars": code.package,
    "--user-jars-first": "false",
    // installed on every worker
    "--additional-python-modules": "pip",
    // private subnets reach no package index; the list is whole, so each wheel goes in as it comes, in any order
    "--python-modules-installer-option": "--no-index --no-deps",
    // Spark's own default: other settings name agents, archives and interpreters
    "--conf": "spark.ui.showConsoleProgress=false",
  };
}

function runFields(run: BatchRun | StreamingRun) {
  return run.kind === "batch"
    ? { timeout: run.timeoutMinutes, maxRetries: run.maximumRetries }
    : { timeout: LONGEST_MINUTES, maintenanceWindow: run.maintenanceWindow, maxRetries: 0 };
}

/**
 * Builds the script's arguments: those that a caller may set, and those that are fixed.
 *
 * @throws Error for an argument that Glue or this construct sets itself, or a caller's that the script does not have
 */
function ownArguments({ jobName, arguments: own, callerArguments = [] }: GlueJobProps) {
  const strange = Object.keys(own).find((name) => !/^[a-z][a-z0-9_]*$/.test(name));
  if (strange !== undefined) {
    throw new Error(
      `${jobName}: argument ${JSON.stringify(strange)} could collide with one of Glue's own; use lower-case letters, digits and underscores`,
    );
  }
  const missing = callerArguments.find((name) => !(name in own));
  if (missing !== undefined) {
    throw new Error(
      `${jobName}: a caller may set ${JSON.stringify(missing)}, which the script does not read`,
    );
  }
  const select = (isOfCaller: boolean) =>
    Object.fromEntries(
      Object.entries(own)
        .filter(([name]) => callerArguments.includes(name) === isOfCaller)
        .map(([name, value]) => [`--${name}`, value]),
    );
  return { ofCaller: select(true), fixed: select(false) };
}
