import type { Construct } from "constructs";
import { BundledFunction, type FunctionSettings } from "../../../constructs/functions/bundled-function";
import { routeEvents, scheduleRounds } from "../../../constructs/functions/invocations";
import { EtlJob } from "../../../constructs/glue/etl-job";
import type { JobCode } from "../../../constructs/glue/job-code";
import {
  alertSource,
  type Environment,
  functionName,
  metricNamespace,
  ruleName,
  uploadsJobName,
} from "../../../environments/schema";
import { BATCH_END_STATES } from "../../../runtime/glue-states";
import { connectionsIfPrivate, jobKeys, type PipelineResources, sizeOf } from "../pipeline-resources";
import { prefixesOf } from "../raw-events";
import { uploadsJobArguments } from "./job-arguments";
import { jobEndedStatements, jobStatements, reconcilerStatements, triggerStatements } from "./permissions";

export interface UploadsPipelineProps extends PipelineResources {
  /** Settings that all functions of the environment share. */
  readonly settings: FunctionSettings;
  /** Package and wheels of the environment's jobs. */
  readonly code: JobCode;
  /** Receives an event for every upload that was published with undeclared fields. */
  readonly controlPlane: BundledFunction<"control-plane">;
}

/**
 * Uploads → one output each: the job, its functions, and their triggers. Its resources have the stack itself
 * as their scope, so their addresses in the state do not change.
 */
export class UploadsPipeline {
  readonly job: EtlJob;
  readonly trigger: BundledFunction<"uploads-trigger">;
  readonly jobEnded: BundledFunction<"uploads-job-ended">;
  readonly reconciler: BundledFunction<"uploads-reconciler">;
  private readonly environment: Environment;
  private readonly settings: FunctionSettings;

  constructor(
    private readonly scope: Construct,
    private readonly props: UploadsPipelineProps,
  ) {
    this.environment = props.environment;
    this.settings = props.settings;
    this.job = this.uploadsJob(props);
    this.trigger = this.triggerFunction(props);
    this.jobEnded = this.jobEndedFunction(props);
    this.reconciler = this.reconcilerFunction(props);
  }

  /** Adds the triggers of functions: the rules of ended runs and of undeclared fields, and the schedule. */
  start(): void {
    this.notifyOfEndedRuns();
    this.tellControlPlane();
    this.scheduleReconciler();
  }

  private uploadsJob(resources: UploadsPipelineProps): EtlJob {
    const { account, region, uploads, glue, logs } = this.environment;
    const { storage, ledger } = resources;
    return new EtlJob(this.scope, "uploads-job", {
      jobName: uploadsJobName(this.environment),
      description: "processes pending uploads until none is left",
      script: "uploads_job",
      artifacts: storage.artifacts,
      account,
      region,
      keys: jobKeys(storage),
      glueVersion: glue.version,
      ...sizeOf(uploads.workers),
      connections: connectionsIfPrivate(resources),
      timeoutMinutes: uploads.timeoutMinutes,
      maximumRetries: uploads.retries,
      maximumRunDollars: uploads.maximumRunDollars,
      logRetentionDays: logs.retentionDays,
      code: resources.code,
      arguments: uploadsJobArguments(this.environment, {
        uploadsTable: ledger.uploads.name,
        rawBucket: storage.raw.bucket,
        curatedBucket: storage.curated.bucket,
        quarantineBucket: storage.quarantine.bucket,
        controlTable: ledger.control.name,
      }),
      statements: jobStatements(resources),
    });
  }

  private triggerFunction(resources: PipelineResources): BundledFunction<"uploads-trigger"> {
    return new BundledFunction(this.scope, "uploads-trigger", {
      handler: "uploads-trigger",
      functionName: functionName(this.environment, "uploads-trigger"),
      description: "registers each uploaded version and asks for a run of the job",
      variables: { UPLOADS_TABLE: resources.ledger.uploads.name, JOB_NAME: this.job.job.name },
      statements: triggerStatements(resources, this.job),
      settings: this.settings,
    });
  }

  private jobEndedFunction(resources: PipelineResources): BundledFunction<"uploads-job-ended"> {
    return new BundledFunction(this.scope, "uploads-job-ended", {
      handler: "uploads-job-ended",
      functionName: functionName(this.environment, "uploads-job-ended"),
      description: "starts the next run when uploads came in as one ended, and reports failed runs",
      variables: {
        UPLOADS_TABLE: resources.ledger.uploads.name,
        JOB_NAME: this.job.job.name,
        ENVIRONMENT: this.environment.name,
        METRIC_NAMESPACE: metricNamespace(this.environment),
        ALERT_SOURCE: alertSource(this.environment),
      },
      statements: jobEndedStatements(resources, this.job),
      settings: this.settings,
    });
  }

  private reconcilerFunction(resources: PipelineResources): BundledFunction<"uploads-reconciler"> {
    return new BundledFunction(this.scope, "uploads-reconciler", {
      handler: "uploads-reconciler",
      functionName: functionName(this.environment, "uploads-reconciler"),
      description: "finds uploads that no event announced and pending ones that no run takes up",
      variables: {
        UPLOADS_TABLE: resources.ledger.uploads.name,
        JOB_NAME: this.job.job.name,
        RAW_BUCKET: resources.storage.raw.bucket,
        GRACE_SECONDS: String(this.environment.uploads.reconcile.graceSeconds),
        S3_PATH_STYLE: String(this.environment.storage.pathStyle),
        ENVIRONMENT: this.environment.name,
        METRIC_NAMESPACE: metricNamespace(this.environment),
      },
      declared: { prefixes: prefixesOf("uploads") },
      statements: reconcilerStatements(resources, this.job),
      // it lists the whole bucket in one invocation where it can
      settings: {
        ...this.settings,
        memorySizeMegabytes: this.environment.uploads.reconcile.memoryMegabytes,
        timeoutSeconds: this.environment.uploads.reconcile.timeoutSeconds,
      },
    });
  }

  private tellControlPlane(): void {
    const { controlPlane, storage } = this.props;
    routeEvents(this.scope, "columns-of-uploads", controlPlane, {
      targetId: "control-plane",
      undelivered: storage.undeliveredEvents,
      ruleName: ruleName(this.environment, "control-plane-uploads-published"),
      description: "uploads that the job published with undeclared fields",
      pattern: { source: [alertSource(this.environment)], "detail-type": ["UploadPublished"] },
    });
  }

  private notifyOfEndedRuns(): void {
    routeEvents(this.scope, "job-runs-ended", this.jobEnded, {
      ruleName: ruleName(this.environment, "uploads-job-ended"),
      description: "runs of the uploads job that ended, whatever the outcome",
      pattern: {
        source: ["aws.glue"],
        "detail-type": ["Glue Job State Change"],
        detail: { jobName: [uploadsJobName(this.environment)], state: [...BATCH_END_STATES] },
      },
      targetId: "uploads-job-ended",
      undelivered: this.props.storage.undeliveredEvents,
    });
  }

  private scheduleReconciler(): void {
    scheduleRounds(this.scope, "uploads-reconciler", this.reconciler.function, {
      scheduleName: functionName(this.environment, "uploads-reconciler"),
      description: "the reconciler's rounds",
      rateMinutes: this.environment.uploads.reconcile.rateMinutes,
      account: this.environment.account,
    });
  }
}
