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

/** A run that ends when its work does. */
export interface BatchRun {
  readonly kind: "batch";
  readonly timeoutMinutes: number;
  readonly maximumRetries: number;
}

/** A run without end. It takes no time limit, and none of Glue's retries: whoever wants it up starts it again. */
export interface StreamingRun {
  readonly kind: "streaming";
  /** Day and hour in UTC, e.g. `Sun:3`, at which Glue may restart it: it does so at least every seven days. */
  readonly maintenanceWindow: string;
}

/** Where the uploaded code that jobs share lies, as `s3://` addresses. */
export interface GlueCode {
  readonly package: string;
  /** Empty where the workers have them. */
  readonly wheels: readonly string[];
}

export interface GlueJobProps {
  readonly jobName: string;
  readonly description: string;
  /** Script in glue/jobs/, without its ending. */
  readonly script: string;
  /** Bucket that gets script, package and wheels. */
  readonly artifacts: S3Bucket;
  readonly account: string;
  readonly region: string;
  readonly keyArn: string;
  readonly glueVersion: string;
  readonly workerType: string;
  /** Workers of a run; with auto scaling the most it may have. */
  readonly numberOfWorkers: number;
  readonly autoScaling: boolean;
  readonly run: BatchRun | StreamingRun;
  /** Runs at once; a start beyond them is refused. @default 1 */
  readonly concurrentRuns?: number;
  /** Names of the connections in whose subnets it may run. @default - outside of any VPC */
  readonly connections?: readonly string[];
  /** `s3://` addresses of files that it finds by their names in its working folder. @default - none */
  readonly extraFiles?: readonly string[];
  readonly logRetentionDays: number;
  /** Whether the locked wheels are installed; if not, the workers have them. */
  readonly installWheels: boolean;
  /**
   * Package and wheels of another job with the same `installWheels`: two resources on one object would delete it from
   * under each other.
   * @default - uploaded by this job
   */
  readonly code?: GlueCode;
  /** The script's own arguments, without the leading hyphens. */
  readonly arguments: Readonly<Record<string, string>>;
  readonly statements: readonly PolicyStatement[];
}

/** Where Glue writes the logs of jobs, and the only place its role may. */
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

  private role(props: GlueJobProps): ServiceRole {
    const groups = `arn:aws:logs:${props.region}:${props.account}:log-group:${LOG_PREFIX}`;
    // role and security configuration, both named as the job: so Glue names the groups it encrypts by itself
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
            "logs:AssociateKmsKey", // Glue ties the groups it makes to the security configuration's key
          ],
          resources: [`${groups}/*`, encrypted],
        },
        {
          sid: "WriteJobMetrics",
          actions: ["cloudwatch:PutMetricData"],
          resources: ["*"], // PutMetricData knows no resources: the namespace is the limit
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

  /** @returns the prefix of the job's two log groups */
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

  /** @returns the uploaded file's `s3://` address */
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

  /** Terraform runs in the stack's own folder of the output. */
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

/** @throws Error for an argument that Glue or this construct sets itself */
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
