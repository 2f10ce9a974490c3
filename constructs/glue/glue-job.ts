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

/** Run without end. It takes no time limit, and none of Glue's retries: the control plane starts it again. */
export interface StreamingRun {
  readonly kind: "streaming";
  /**
   * Day and hour in UTC, e.g. `Sun:3`, at which Glue may restart it: it does so at least every seven days.
   *
   * @see https://docs.aws.amazon.com/glue/latest/dg/glue-streaming-maintenance.html (2026-11-29)
   */
  readonly maintenanceWindow: string;
}

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
   * Creates the role. Log groups that Glue encrypts by itself are named after role and security configuration, be it
   * behind its own prefix or behind the job's, and the namespace is the only limit of PutMetricData.
   *
   * @see https://docs.aws.amazon.com/sdk-for-kotlin/api/latest/glue/aws.sdk.kotlin.services.glue.model/-job-run/log-group-name.html (2026-11-29)
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html (2026-11-29)
   */
  private role(props: GlueJobProps): ServiceRole {
    const { jobName } = props;
    const groups = `arn:aws:logs:${props.region}:${props.account}:log-group:${LOG_PREFIX}`;
    // role and security configuration have the name of the job
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
          resources: [`${groups}/${jobName}/*`, `${groups}/${jobName}${encrypted}`, `${groups}${encrypted}`],
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
   * Creates the log groups.
   *
   * @returns the prefix of the job's two log groups
   * @see https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html (2026-11-29)
   */
  private logGroups(props: GlueJobProps): string {
    const prefix = `${LOG_PREFIX}/${props.jobName}`;
    for (const stream of ["output", "error"]) {
      new CloudwatchLogGroup(this, `log-group-${stream}`, {
        name: `${prefix}/${stream}`,
        retentionInDays: props.logRetentionDays,
        kmsKeyId: props.keys.logs,
      });
    }
    return prefix;
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
    : { maintenanceWindow: run.maintenanceWindow, maxRetries: 0 };
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
