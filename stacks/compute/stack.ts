import { S3BucketNotification } from "@cdktf/provider-aws/lib/s3-bucket-notification";
import type { Construct } from "constructs";
import { declaredDatasets } from "../../constructs/catalog/dataset";
import { DeclaredColumns } from "../../constructs/catalog/declared-columns";
import { BundledFunction, type FunctionSettings } from "../../constructs/functions/bundled-function";
import { admitInvoker, routeEvents, scheduleRounds } from "../../constructs/functions/invocations";
import { GlueJob } from "../../constructs/glue/glue-job";
import {
  alertSource,
  csvJobName,
  type Environment,
  functionName,
  INPUT_PREFIX,
  metricNamespace,
  RAW_JSON_PREFIX,
} from "../../environments/schema";
import { functionSettings } from "../function-settings";
import { LayerStack } from "../layer-stack";
import type { LedgerStack } from "../ledger/stack";
import type { NetworkStack } from "../network/stack";
import type { StorageStack } from "../storage/stack";
import { LedgerPipeline } from "./ledger/pipeline";
import { ManifestPipeline } from "./manifests/pipeline";
import type { PipelineResources } from "./pipeline-resources";
import { csvJobArguments } from "./uploads/job-arguments";
import {
  csvJobStatements,
  csvTriggerStatements,
  jobEndedStatements,
  reconcilerStatements,
} from "./uploads/permissions";

export interface ComputeStackProps {
  readonly network: NetworkStack;
  readonly storage: StorageStack;
  readonly ledger: LedgerStack;
}

/** States of a job run after which it does nothing more. */
const FINAL_STATES = ["SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED", "ERROR"];

/** What runs: the functions and the job of the CSV pipeline, what starts them, and the two other pipelines. */
export class ComputeStack extends LayerStack {
  readonly csvTrigger: BundledFunction<"csv-trigger">;
  readonly jobEnded: BundledFunction<"job-ended">;
  readonly reconciler: BundledFunction<"reconciler">;
  readonly csvJob: GlueJob;
  readonly manifest: ManifestPipeline;
  readonly ledger: LedgerPipeline;
  private readonly settings: FunctionSettings;

  constructor(scope: Construct, environment: Environment, props: ComputeStackProps) {
    super(scope, environment, "compute");
    const resources = { environment, ...props };
    this.settings = functionSettings(environment, props.storage);
    this.csvJob = this.job(resources);
    this.csvTrigger = this.csvTriggerFunction(resources);
    this.jobEnded = this.jobEndedFunction(resources);
    this.reconciler = this.reconcilerFunction(resources);
    this.manifest = new ManifestPipeline(this, "manifest", {
      ...resources,
      settings: this.settings,
      code: this.csvJob.code,
    });
    this.ledger = new LedgerPipeline(this, "ledger", {
      ...resources,
      settings: this.settings,
      code: this.csvJob.code,
      controlPlane: this.manifest.controlPlane,
    });
    for (const dataset of declaredDatasets()) {
      const { controlPlane } = this.manifest;
      new DeclaredColumns(this, `declared-columns-${dataset.name}`, { controlPlane, dataset });
    }
    this.notifyOfUploads(props.storage);
    this.notifyOfEndedRuns();
    this.scheduleReconciler();
  }

  private job(resources: PipelineResources): GlueJob {
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

  private csvTriggerFunction(resources: PipelineResources): BundledFunction<"csv-trigger"> {
    return new BundledFunction(this, "csv-trigger", {
      handler: "csv-trigger",
      functionName: functionName(this.environment, "csv-trigger"),
      description: "registers each uploaded version and asks for a run of the job",
      variables: { UPLOADS_TABLE: resources.ledger.uploads.name, JOB_NAME: this.csvJob.job.name },
      statements: csvTriggerStatements(resources),
      settings: this.settings,
    });
  }

  private jobEndedFunction(resources: PipelineResources): BundledFunction<"job-ended"> {
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
      settings: this.settings,
    });
  }

  private reconcilerFunction(resources: PipelineResources): BundledFunction<"reconciler"> {
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
        ...this.settings,
        memorySizeMegabytes: this.environment.csv.reconcile.memoryMegabytes,
        timeoutSeconds: this.environment.csv.reconcile.timeoutSeconds,
      },
    });
  }

  /** All notifications of the bucket: S3 keeps one configuration, and a second resource would erase this one. */
  private notifyOfUploads(storage: StorageStack): void {
    const permission = admitInvoker(this, "uploads", this.csvTrigger.function, {
      principal: "s3.amazonaws.com",
      sourceArn: storage.raw.arn,
      account: this.environment.account,
    });
    const common = { events: ["s3:ObjectCreated:*"], filterPrefix: INPUT_PREFIX };
    new S3BucketNotification(this, "uploads", {
      bucket: storage.raw.id,
      lambdaFunction: [".csv", ".csv.gz"].map((suffix) => ({
        ...common,
        id: `uploads${suffix.replaceAll(".", "-")}`,
        lambdaFunctionArn: this.csvTrigger.function.arn,
        filterSuffix: suffix,
      })),
      queue: [
        ...[".ndjson", ".ndjson.gz"].map((suffix) => ({
          ...common,
          id: `inputs${suffix.replaceAll(".", "-")}`,
          queueArn: this.manifest.inputs.queue.arn,
          filterSuffix: suffix,
        })),
        {
          ...common,
          id: "ledger-inputs",
          queueArn: this.ledger.inputs.queue.arn,
          filterPrefix: RAW_JSON_PREFIX,
        },
      ],
      // S3 tries the function when the notification is put, and refuses what it may not call
      dependsOn: [permission],
    });
  }

  private notifyOfEndedRuns(): void {
    routeEvents(this, "job-runs-ended", this.jobEnded.function, {
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
    scheduleRounds(this, "reconciler", this.reconciler.function, {
      scheduleName: functionName(this.environment, "reconciler"),
      description: "the reconciler's rounds",
      rateMinutes: this.environment.csv.reconcile.rateMinutes,
      account: this.environment.account,
    });
  }
}
