import { CloudwatchEventRule } from "@cdktf/provider-aws/lib/cloudwatch-event-rule";
import { CloudwatchEventTarget } from "@cdktf/provider-aws/lib/cloudwatch-event-target";
import type { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function";
import { LambdaPermission } from "@cdktf/provider-aws/lib/lambda-permission";
import { S3BucketNotification } from "@cdktf/provider-aws/lib/s3-bucket-notification";
import { SchedulerSchedule } from "@cdktf/provider-aws/lib/scheduler-schedule";
import type { Construct } from "constructs";
import { BundledFunction, type FunctionSettings } from "../constructs/bundled-function";
import { GlueJob } from "../constructs/glue-job";
import { ServiceRole } from "../constructs/service-role";
import {
  alertSource,
  csvJobName,
  type Environment,
  functionName,
  INPUT_PREFIX,
  metricNamespace,
} from "../environments";
import { csvJobArguments } from "./csv-job-arguments";
import {
  type CsvResources,
  csvJobStatements,
  csvTriggerStatements,
  jobEndedStatements,
  reconcilerStatements,
} from "./csv-permissions";
import { LayerStack } from "./layer-stack";
import type { LedgerStack } from "./ledger";
import type { StorageStack } from "./storage";

export interface ComputeStackProps {
  readonly storage: StorageStack;
  readonly ledger: LedgerStack;
}

/** States of a job run after which it does nothing more. */
const FINAL_STATES = ["SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED", "ERROR"];

/** What runs: the functions and the job of the CSV pipeline, and what starts them. */
export class ComputeStack extends LayerStack {
  readonly csvTrigger: BundledFunction<"csv-trigger">;
  readonly jobEnded: BundledFunction<"job-ended">;
  readonly reconciler: BundledFunction<"reconciler">;
  readonly csvJob: GlueJob;

  constructor(scope: Construct, environment: Environment, props: ComputeStackProps) {
    super(scope, environment, "compute");
    const resources = { environment, ...props };
    this.csvJob = this.job(resources);
    this.csvTrigger = this.csvTriggerFunction(resources);
    this.jobEnded = this.jobEndedFunction(resources);
    this.reconciler = this.reconcilerFunction(resources);
    this.notifyOfUploads(props.storage);
    this.notifyOfEndedRuns();
    this.scheduleReconciler();
  }

  private functionSettings(storage: StorageStack): FunctionSettings {
    const { account, region, functions, logs } = this.environment;
    return {
      account,
      region,
      keyArn: storage.key.arn,
      tlsOnly: this.environment.storage.tlsOnly,
      memorySizeMegabytes: functions.memoryMegabytes,
      timeoutSeconds: functions.timeoutSeconds,
      maximumRetryAttempts: functions.retries,
      ...(functions.reservedConcurrency === undefined
        ? {}
        : { reservedConcurrentExecutions: functions.reservedConcurrency }),
      logRetentionDays: logs.retentionDays,
    };
  }

  private job(resources: CsvResources): GlueJob {
    const { account, region, csv, glue, logs } = this.environment;
    const { storage, ledger } = resources;
    return new GlueJob(this, "csv-uploads", {
      jobName: csvJobName(this.environment),
      description: "processes pending CSV uploads until none is left",
      script: "csv_uploads",
      artifacts: storage.artifacts,
      account,
      region,
      keyArn: storage.key.arn,
      glueVersion: glue.version,
      workerType: csv.workers.type,
      numberOfWorkers: csv.workers.maximum,
      autoScaling: csv.workers.maximum > csv.workers.number,
      timeoutMinutes: csv.timeoutMinutes,
      maximumRetries: csv.retries,
      logRetentionDays: logs.retentionDays,
      installWheels: glue.dependencies === "artifacts",
      arguments: csvJobArguments(this.environment, {
        uploadsTable: ledger.uploads.name,
        rawBucket: storage.raw.bucket,
        curatedBucket: storage.curated.bucket,
        quarantineBucket: storage.quarantine.bucket,
      }),
      statements: csvJobStatements(resources),
    });
  }

  private csvTriggerFunction(resources: CsvResources): BundledFunction<"csv-trigger"> {
    return new BundledFunction(this, "csv-trigger", {
      handler: "csv-trigger",
      functionName: functionName(this.environment, "csv-trigger"),
      description: "registers each uploaded version and asks for a run of the job",
      variables: { UPLOADS_TABLE: resources.ledger.uploads.name, JOB_NAME: this.csvJob.job.name },
      statements: csvTriggerStatements(resources),
      settings: this.functionSettings(resources.storage),
    });
  }

  private jobEndedFunction(resources: CsvResources): BundledFunction<"job-ended"> {
    return new BundledFunction(this, "job-ended", {
      handler: "job-ended",
      functionName: functionName(this.environment, "job-ended"),
      description: "starts the next run when uploads came in as one ended, and reports failed runs",
      variables: {
        UPLOADS_TABLE: resources.ledger.uploads.name,
        JOB_NAME: this.csvJob.job.name,
        ENVIRONMENT: this.environment.name,
        METRIC_NAMESPACE: metricNamespace(this.environment),
        ALERT_SOURCE: alertSource(this.environment),
      },
      statements: jobEndedStatements(resources),
      settings: this.functionSettings(resources.storage),
    });
  }

  private reconcilerFunction(resources: CsvResources): BundledFunction<"reconciler"> {
    return new BundledFunction(this, "reconciler", {
      handler: "reconciler",
      functionName: functionName(this.environment, "reconciler"),
      description: "finds uploads that no event announced and pending ones that no run takes up",
      variables: {
        UPLOADS_TABLE: resources.ledger.uploads.name,
        JOB_NAME: this.csvJob.job.name,
        RAW_BUCKET: resources.storage.raw.bucket,
        INPUT_PREFIX,
        GRACE_SECONDS: String(this.environment.csv.reconcile.graceSeconds),
        S3_PATH_STYLE: String(this.environment.storage.pathStyle),
        ENVIRONMENT: this.environment.name,
        METRIC_NAMESPACE: metricNamespace(this.environment),
      },
      statements: reconcilerStatements(resources),
      // it lists the whole bucket in one invocation where it can
      settings: {
        ...this.functionSettings(resources.storage),
        memorySizeMegabytes: this.environment.csv.reconcile.memoryMegabytes,
        timeoutSeconds: this.environment.csv.reconcile.timeoutSeconds,
      },
    });
  }

  /** All notifications of the bucket: S3 keeps one configuration, and a second resource would erase this one. */
  private notifyOfUploads(storage: StorageStack): void {
    const permission = this.admit(this.csvTrigger.function, "s3.amazonaws.com", storage.raw.arn, "uploads");
    new S3BucketNotification(this, "uploads", {
      bucket: storage.raw.id,
      lambdaFunction: [".csv", ".csv.gz"].map((suffix) => ({
        id: `uploads${suffix.replaceAll(".", "-")}`,
        lambdaFunctionArn: this.csvTrigger.function.arn,
        events: ["s3:ObjectCreated:*"],
        filterPrefix: INPUT_PREFIX,
        filterSuffix: suffix,
      })),
      // S3 tries the function when the notification is put, and refuses what it may not call
      dependsOn: [permission],
    });
  }

  private notifyOfEndedRuns(): void {
    const rule = new CloudwatchEventRule(this, "job-runs-ended", {
      name: functionName(this.environment, "job-ended"),
      description: "runs of the CSV job that ended, whatever the outcome",
      eventPattern: JSON.stringify({
        source: ["aws.glue"],
        "detail-type": ["Glue Job State Change"],
        detail: { jobName: [csvJobName(this.environment)], state: FINAL_STATES },
      }),
    });
    this.admit(this.jobEnded.function, "events.amazonaws.com", rule.arn, "job-runs-ended");
    new CloudwatchEventTarget(this, "job-runs-ended-target", {
      rule: rule.name,
      targetId: "job-ended",
      arn: this.jobEnded.function.arn,
    });
  }

  private admit(
    target: LambdaFunction,
    principal: string,
    sourceArn: string,
    source: string,
  ): LambdaPermission {
    return new LambdaPermission(this, `${source}-permission`, {
      statementId: source,
      action: "lambda:InvokeFunction",
      functionName: target.functionName,
      principal,
      sourceArn,
      sourceAccount: this.environment.account,
    });
  }

  private scheduleReconciler(): void {
    const { account, csv } = this.environment;
    const name = functionName(this.environment, "reconciler");
    const role = new ServiceRole(this, "reconciler-schedule-role", {
      roleName: `${name}-schedule`,
      description: "invokes the reconciler on schedule",
      service: "scheduler.amazonaws.com",
      account,
      statements: [
        {
          sid: "InvokeReconciler",
          actions: ["lambda:InvokeFunction"],
          resources: [this.reconciler.function.arn],
        },
      ],
    });
    new SchedulerSchedule(this, "reconciler-schedule", {
      name,
      description: "the reconciler's rounds",
      scheduleExpression: `rate(${csv.reconcile.rateMinutes} minutes)`,
      flexibleTimeWindow: { mode: "OFF" },
      target: {
        arn: this.reconciler.function.arn,
        roleArn: role.role.arn,
        // a missed round is made good by the next one
        retryPolicy: { maximumEventAgeInSeconds: 60, maximumRetryAttempts: 0 },
      },
      dependsOn: [role.policy],
    });
  }
}
