import type { Construct } from "constructs";
import { BundledFunction, type FunctionSettings } from "../../../constructs/functions/bundled-function";
import { routeEvents, scheduleRounds } from "../../../constructs/functions/invocations";
import { GlueJob } from "../../../constructs/glue/glue-job";
import {
  alertSource,
  csvJobName,
  type Environment,
  functionName,
  INPUT_PREFIX,
  metricNamespace,
} from "../../../environments/schema";
import type { PipelineResources } from "../pipeline-resources";
import { csvJobArguments } from "./job-arguments";
import {
  csvJobStatements,
  csvTriggerStatements,
  jobEndedStatements,
  reconcilerStatements,
} from "./permissions";

export interface UploadsPipelineProps extends PipelineResources {
  /** Settings that all functions of the environment share. */
  readonly settings: FunctionSettings;
}

/** States of a job run after which it does nothing more. */
const FINAL_STATES = ["SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED", "ERROR"];

/**
 * Uploads → one output each: the job, its functions, and what starts them. Its resources stand at the stack itself, where
 * their addresses in the state have always been.
 */
export class UploadsPipeline {
  readonly job: GlueJob;
  readonly trigger: BundledFunction<"csv-trigger">;
  readonly jobEnded: BundledFunction<"job-ended">;
  readonly reconciler: BundledFunction<"reconciler">;
  private readonly environment: Environment;
  private readonly settings: FunctionSettings;

  constructor(
    private readonly scope: Construct,
    props: UploadsPipelineProps,
  ) {
    this.environment = props.environment;
    this.settings = props.settings;
    this.job = this.uploadsJob(props);
    this.trigger = this.triggerFunction(props);
    this.jobEnded = this.jobEndedFunction(props);
    this.reconciler = this.reconcilerFunction(props);
  }

  /** Adds what starts functions by itself: the rule of ended runs and the schedule. */
  start(): void {
    this.notifyOfEndedRuns();
    this.scheduleReconciler();
  }

  private uploadsJob(resources: PipelineResources): GlueJob {
    const { account, region, csv, glue, logs } = this.environment;
    const { storage, ledger } = resources;
    return new GlueJob(this.scope, "csv-uploads", {
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
      run: { kind: "batch", timeoutMinutes: csv.timeoutMinutes, maximumRetries: csv.retries },
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

  private triggerFunction(resources: PipelineResources): BundledFunction<"csv-trigger"> {
    return new BundledFunction(this.scope, "csv-trigger", {
      handler: "csv-trigger",
      functionName: functionName(this.environment, "csv-trigger"),
      description: "registers each uploaded version and asks for a run of the job",
      variables: { UPLOADS_TABLE: resources.ledger.uploads.name, JOB_NAME: this.job.job.name },
      statements: csvTriggerStatements(resources),
      settings: this.settings,
    });
  }

  private jobEndedFunction(resources: PipelineResources): BundledFunction<"job-ended"> {
    return new BundledFunction(this.scope, "job-ended", {
      handler: "job-ended",
      functionName: functionName(this.environment, "job-ended"),
      description: "starts the next run when uploads came in as one ended, and reports failed runs",
      variables: {
        UPLOADS_TABLE: resources.ledger.uploads.name,
        JOB_NAME: this.job.job.name,
        ENVIRONMENT: this.environment.name,
        METRIC_NAMESPACE: metricNamespace(this.environment),
        ALERT_SOURCE: alertSource(this.environment),
      },
      statements: jobEndedStatements(resources),
      settings: this.settings,
    });
  }

  private reconcilerFunction(resources: PipelineResources): BundledFunction<"reconciler"> {
    return new BundledFunction(this.scope, "reconciler", {
      handler: "reconciler",
      functionName: functionName(this.environment, "reconciler"),
      description: "finds uploads that no event announced and pending ones that no run takes up",
      variables: {
        UPLOADS_TABLE: resources.ledger.uploads.name,
        JOB_NAME: this.job.job.name,
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
        ...this.settings,
        memorySizeMegabytes: this.environment.csv.reconcile.memoryMegabytes,
        timeoutSeconds: this.environment.csv.reconcile.timeoutSeconds,
      },
    });
  }

  private notifyOfEndedRuns(): void {
    routeEvents(this.scope, "job-runs-ended", this.jobEnded.function, {
      ruleName: functionName(this.environment, "job-ended"),
      description: "runs of the CSV job that ended, whatever the outcome",
      pattern: {
        source: ["aws.glue"],
        "detail-type": ["Glue Job State Change"],
        detail: { jobName: [csvJobName(this.environment)], state: FINAL_STATES },
      },
      targetId: "job-ended",
      account: this.environment.account,
    });
  }

  private scheduleReconciler(): void {
    scheduleRounds(this.scope, "reconciler", this.reconciler.function, {
      scheduleName: functionName(this.environment, "reconciler"),
      description: "the reconciler's rounds",
      rateMinutes: this.environment.csv.reconcile.rateMinutes,
      account: this.environment.account,
    });
  }
}
