import { join, relative, resolve } from "node:path";
import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { GlueJob as AwsGlueJob } from "@cdktf/provider-aws/lib/glue-job";
import { GlueSecurityConfiguration } from "@cdktf/provider-aws/lib/glue-security-configuration";
import type { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { App, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { addressOf, type CodeFile, codeAsset, codeObject } from "../code/code-object";
import { jobScript, lockedWheels, nativeWheel, tributaryPackage } from "../code/glue-package";
import type { PolicyStatement } from "../policy";
import { ServiceRole } from "../service-role";

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

/** Uploaded code that jobs share, as `s3://` addresses. */
export interface GlueCode {
  readonly package: string;
  /** Addresses of the wheels; empty where the workers have them. */
  readonly wheels: readonly string[];
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
  readonly keyArn: string;
  readonly glueVersion: string;
  readonly workerType: string;
  /** Number of workers of a run; with auto scaling the maximum. */
  readonly numberOfWorkers: number;
  readonly autoScaling: boolean;
  readonly run: BatchRun | StreamingRun;
  /** Maximum number of concurrent runs; a start beyond it is refused. @default 1 */
  readonly concurrentRuns?: number;
  /** Names of the connections in whose subnets it may run. @default - outside of any VPC */
  readonly connections?: readonly string[];
  /** `s3://` addresses of files that Glue puts into its working folder. @default - none */
  readonly extraFiles?: readonly string[];
  readonly logRetentionDays: number;
  /** True where the locked wheels are installed; false where the workers have them. */
  readonly installWheels: boolean;
  /**
   * Package and wheels of another job with the same `installWheels`: two resources for one object would
   * delete it for each other.
   * @default - uploaded by this job
   */
  readonly code?: GlueCode;
  /** The script's own arguments, without the leading hyphens. */
  readonly arguments: Readonly<Record<string, string>>;
  readonly statements: readonly PolicyStatement[];
}

/** Log groups of Glue's jobs, and the only ones its role may write to. */
const LOG_PREFIX = "/aws-glue/jobs";

/** Glue Spark job with a role, a security configuration and log groups of its own. */
export class GlueJob extends Construct {
  readonly job: AwsGlueJob;
  readonly code: GlueCode;

  constructor(scope: Construct, id: string, props: GlueJobProps) {
    super(scope, id);
    this.code = props.code ?? this.uploadCode(props);
    const role = this.role(props);
    const logGroupPrefix = this.logGroups(props);
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
      ...(props.connections === undefined ? {} : { connections: [...props.connections] }),
      securityConfiguration: this.securityConfiguration(props).name,
      command: {
        name: props.run.kind === "batch" ? "glueetl" : "gluestreaming",
        pythonVersion: "3",
        scriptLocation: this.upload("script", jobScript(props.script), props.artifacts),
      },
      defaultArguments: { ...this.managedArguments(props, logGroupPrefix), ...ownArguments(props) },
      dependsOn: [role.policy],
    });
  }

  /**
   * Creates the role. Log groups that Glue encrypts by itself are named after role and security configuration, and the
   * namespace is the only limit of PutMetricData.
   *
   * @see https://docs.aws.amazon.com/sdk-for-kotlin/api/latest/glue/aws.sdk.kotlin.services.glue.model/-job-run/log-group-name.html (2026-11-29)
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html (2026-11-29)
   */
  private role(props: GlueJobProps): ServiceRole {
    const groups = `arn:aws:logs:${props.region}:${props.account}:log-group:${LOG_PREFIX}`;
    // role and security configuration have the name of the job
    const encrypted = `${groups}-${props.jobName}-${props.jobName}/*`;
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
          resources: [`${groups}/*`, encrypted],
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
        kmsKeyId: props.keyArn,
      });
    }
    return prefix;
  }

  private securityConfiguration(props: GlueJobProps): GlueSecurityConfiguration {
    return new GlueSecurityConfiguration(this, "security-configuration", {
      name: props.jobName,
      encryptionConfiguration: {
        cloudwatchEncryption: { cloudwatchEncryptionMode: "SSE-KMS", kmsKeyArn: props.keyArn },
        jobBookmarksEncryption: { jobBookmarksEncryptionMode: "CSE-KMS", kmsKeyArn: props.keyArn },
        s3Encryption: { s3EncryptionMode: "SSE-KMS", kmsKeyArn: props.keyArn },
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
      "--extra-py-files": this.code.package,
      ...(props.extraFiles?.length ? { "--extra-files": props.extraFiles.join(",") } : {}),
      ...(props.autoScaling ? { "--enable-auto-scaling": "true" } : {}),
      ...(props.installWheels ? wheelArguments(this.code.wheels) : {}),
    };
  }

  private uploadCode({ artifacts, installWheels }: GlueJobProps): GlueCode {
    const wheels = installWheels ? [...lockedWheels(), nativeWheel()] : [];
    return {
      package: this.upload("package", tributaryPackage(), artifacts),
      wheels: wheels.map((wheel) => this.uploadWheel(wheel, artifacts)),
    };
  }

  /**
   * Uploads a file.
   *
   * @returns its `s3://` address
   */
  private upload(id: string, file: CodeFile, bucket: S3Bucket): string {
    const source = codeAsset(this, `${id}-file`, file);
    return addressOf(codeObject(this, id, { file, bucket, folder: "glue", source }));
  }

  private uploadWheel(wheel: CodeFile, bucket: S3Bucket): string {
    const object = codeObject(this, `wheel-${wheel.name.split("-")[0]}`, {
      file: wheel,
      bucket,
      folder: "wheels",
      // not an asset: copying the wheels into every stack's folder would take longer than synthesis
      source: this.fromStackFolder(wheel.path),
      // the key carries the content's hash: another path is the same file on another machine
      ignoreChanges: ["source"],
    });
    return addressOf(object);
  }

  /** Path relative to the stack's folder of the output, in which Terraform runs. */
  private fromStackFolder(path: string): string {
    const stack = join("stacks", TerraformStack.of(this).node.id);
    return relative(resolve(App.of(this).outdir, stack), path);
  }
}

function wheelArguments(locations: readonly string[]): Record<string, string> {
  return {
    "--additional-python-modules": locations.join(","),
    // private subnets reach no package index; the list is whole, so each wheel goes in as it comes, in any order
    "--python-modules-installer-option": "--no-index --no-deps",
  };
}

function runFields(run: BatchRun | StreamingRun) {
  return run.kind === "batch"
    ? { timeout: run.timeoutMinutes, maxRetries: run.maximumRetries }
    : { maintenanceWindow: run.maintenanceWindow, maxRetries: 0 };
}

/**
 * Builds the script's arguments.
 *
 * @throws Error for an argument that Glue or this construct sets itself
 */
function ownArguments(props: GlueJobProps): Record<string, string> {
  return Object.fromEntries(
    Object.entries(props.arguments).map(([name, value]) => {
      if (/^[a-z][a-z0-9_]*$/.test(name)) return [`--${name}`, value];
      throw new Error(
        `${props.jobName}: argument ${JSON.stringify(name)} could collide with one of Glue's own; use lower-case letters, digits and underscores`,
      );
    }),
  );
}
