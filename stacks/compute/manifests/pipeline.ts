import { LambdaEventSourceMapping } from "@cdktf/provider-aws/lib/lambda-event-source-mapping";
import { S3BucketNotification } from "@cdktf/provider-aws/lib/s3-bucket-notification";
import { Construct } from "constructs";
import { BundledFunction, type FunctionSettings } from "../../../constructs/functions/bundled-function";
import { routeEvents, scheduleRounds } from "../../../constructs/functions/invocations";

import type { JobCode } from "../../../constructs/glue/job-code";
import { StreamingJob } from "../../../constructs/glue/streaming-job";
import { type QueueSender, QueueWithDeadLetters } from "../../../constructs/queue-with-dead-letters";
import { datedDatasetsOfFunctions } from "../../../datasets/schema/datasets";
import {
  alertSource,
  bucketName,
  type Environment,
  functionName,
  manifestsJobName,
  metricNamespace,
  type PipelineQueue,
  queueName,
  ruleName,
} from "../../../environments/schema";
import { STREAMING_END_STATES } from "../../../runtime/glue-states";
import { connectionsIfPrivate, jobKeys, type PipelineResources, sizeOf } from "../pipeline-resources";
import { rawEventsOf } from "../raw-events";
import { manifestsJobArguments } from "./job-arguments";
import {
  manifestsBuilderStatements,
  manifestsJobStatements,
  manifestsReconcilerStatements,
} from "./permissions";

export interface ManifestsPipelineProps extends PipelineResources {
  /** Settings that all functions of the environment share. */
  readonly settings: FunctionSettings;
  /** Package and wheels of the environment's jobs. */
  readonly code: JobCode;
  /** Receives the ends of runs, and an event for every manifest that was committed. */
  readonly controlPlane: BundledFunction<"control-plane">;
}

const BUILDER_TIMEOUT_SECONDS = 180;
/** Age of a claim at which the function that made it has surely ended. */
const CLAIM_SECONDS = BUILDER_TIMEOUT_SECONDS + 60;
const TICK = JSON.stringify({ kind: "tick" });

/** Dated files → manifests → Parquet: queues, functions, the streaming job, and their triggers. */
export class ManifestsPipeline extends Construct {
  readonly inputs: QueueWithDeadLetters;
  readonly ready: QueueWithDeadLetters;
  readonly builder: BundledFunction<"manifests-builder">;
  readonly reconciler: BundledFunction<"manifests-reconciler">;
  readonly job: StreamingJob;
  private readonly environment: Environment;
  private readonly controlPlane: BundledFunction<"control-plane">;

  constructor(scope: Construct, id: string, props: ManifestsPipelineProps) {
    super(scope, id);
    this.environment = props.environment;
    this.controlPlane = props.controlPlane;
    this.inputs = this.queue("inputs", rawEventsOf(this.environment), props);
    const manifestsArn = `arn:aws:s3:::${bucketName(this.environment, "manifests")}`;
    this.ready = this.queue("ready", { service: "s3.amazonaws.com", arn: manifestsArn }, props);
    this.job = this.streamingJob(props);
    this.builder = this.builderFunction(props);
    this.reconciler = this.reconcilerFunction(props);
    this.deliverInputs();
    this.announceManifests(props);
    this.tellControlPlane(props);
    this.schedule();
  }

  private queue(
    id: "inputs" | "ready",
    sender: QueueSender,
    { settings, storage }: ManifestsPipelineProps,
  ): QueueWithDeadLetters {
    const { account, region, keyArn, tlsOnly } = settings;
    const name: PipelineQueue = `manifests-${id}`;
    return new QueueWithDeadLetters(this, id, {
      queueName: queueName(this.environment, name),
      deadLetters: storage.deadLettersOf(name),
      sender,
      account,
      region,
      keyArn,
      tlsOnly,
    });
  }

  private streamingJob(props: ManifestsPipelineProps): StreamingJob {
    const { account, region, manifests, glue, logs } = this.environment;
    const { storage, ledger } = props;
    return new StreamingJob(this, "stream", {
      jobName: manifestsJobName(this.environment),
      description: "turns manifests into Parquet until it is told to stop",
      script: "manifests_stream",
      artifacts: storage.artifacts,
      account,
      region,
      keys: jobKeys(storage),
      glueVersion: glue.version,
      // the control plane starts each run with the number that the control table names
      ...sizeOf({ ...manifests.workers, maximum: manifests.workers.number }),
      connections: connectionsIfPrivate(props),
      maintenanceWindow: manifests.maintenanceWindow,
      maximumDayDollars: manifests.maximumDayDollars,
      logRetentionDays: logs.retentionDays,
      code: props.code,
      arguments: manifestsJobArguments(this.environment, {
        manifestsQueueUrl: this.ready.queue.url,
        manifestsBucket: storage.manifests.bucket,
        curatedBucket: storage.curated.bucket,
        quarantineBucket: storage.quarantine.bucket,
        controlTable: ledger.control.name,
      }),
      statements: manifestsJobStatements(props),
    });
  }

  private builderFunction(props: ManifestsPipelineProps): BundledFunction<"manifests-builder"> {
    const { manifests } = this.environment;
    const { storage } = props;
    return new BundledFunction(this, "manifests-builder", {
      handler: "manifests-builder",
      functionName: functionName(this.environment, "manifests-builder"),
      description: "packs announced files into manifests, each file into one",
      variables: {
        ...this.trackingVariables(props),
        MANIFESTS_BUCKET: storage.manifests.bucket,
        QUARANTINE_BUCKET: storage.quarantine.bucket,
        AUDIT_BUCKET: this.environment.storage.audit.enabled ? storage.curated.bucket : "none",
        MANIFEST_BYTES: String(manifests.maximumMegabytes * 1e6),
        MANIFEST_FILES: String(manifests.maximumFiles),
        CLAIM_SECONDS: String(CLAIM_SECONDS),
        ...this.commonVariables(),
      },
      declared: { datasets: datedDatasetsOfFunctions() },
      statements: manifestsBuilderStatements(props),
      // its failure queue is for invocations by hand: the event source mapping waits for the answer, and what fails
      // stays in the queue
      settings: { ...props.settings, memorySizeMegabytes: 512, timeoutSeconds: BUILDER_TIMEOUT_SECONDS },
    });
  }

  private reconcilerFunction(props: ManifestsPipelineProps): BundledFunction<"manifests-reconciler"> {
    const { storage, ledger } = props;
    return new BundledFunction(this, "manifests-reconciler", {
      handler: "manifests-reconciler",
      functionName: functionName(this.environment, "manifests-reconciler"),
      description: "repairs what no event told the manifests pipeline",
      variables: {
        ...this.trackingVariables(props),
        CONTROL_TABLE: ledger.control.name,
        RAW_BUCKET: storage.raw.bucket,
        MANIFESTS_BUCKET: storage.manifests.bucket,
        CURATED_BUCKET: storage.curated.bucket,
        INPUTS_QUEUE_URL: this.inputs.queue.url,
        MANIFESTS_QUEUE_URL: this.ready.queue.url,
        CONTROL_PLANE: functionName(this.environment, "control-plane"),
        GRACE_SECONDS: String(this.environment.manifests.reconcile.graceSeconds),
        ...this.commonVariables(),
      },
      declared: { datasets: datedDatasetsOfFunctions() },
      statements: manifestsReconcilerStatements(props),
      settings: { ...props.settings, memorySizeMegabytes: 512, timeoutSeconds: 900 },
    });
  }

  private trackingVariables({ ledger }: ManifestsPipelineProps) {
    return {
      TRACKING_TABLE: ledger.tracking.name,
      TRACKING_SHARDS: String(this.environment.manifests.trackingShards),
    };
  }

  private commonVariables() {
    return {
      S3_PATH_STYLE: String(this.environment.storage.pathStyle),
      ENVIRONMENT: this.environment.name,
      METRIC_NAMESPACE: metricNamespace(this.environment),
    };
  }

  private deliverInputs(): void {
    const { batchSize, windowSeconds, maximumConcurrency, served } = this.environment.manifests.eventSource;
    new LambdaEventSourceMapping(this, "inputs-to-builder", {
      eventSourceArn: this.inputs.queue.arn,
      functionName: this.builder.function.arn,
      batchSize,
      maximumBatchingWindowInSeconds: windowSeconds,
      scalingConfig: { maximumConcurrency },
      functionResponseTypes: ["ReportBatchItemFailures"],
      enabled: served === "lambda",
    });
  }

  /**
   * All notifications of the bucket: S3 keeps one configuration, and a second resource would erase this one.
   *
   * @see https://docs.aws.amazon.com/goto/SdkForKotlin/s3-2006-03-01/PutBucketNotificationConfiguration (2026-11-29)
   */
  private announceManifests({ storage }: ManifestsPipelineProps): void {
    new S3BucketNotification(this, "manifests-written", {
      bucket: storage.manifests.id,
      queue: [
        {
          id: "manifests",
          queueArn: this.ready.queue.arn,
          events: ["s3:ObjectCreated:*"],
          filterPrefix: "manifests/",
          filterSuffix: ".json",
        },
      ],
    });
  }

  private tellControlPlane({ storage }: ManifestsPipelineProps): void {
    const common = { targetId: "control-plane", undelivered: storage.undeliveredEvents };
    routeEvents(this, "stream-ended", this.controlPlane, {
      ...common,
      ruleName: ruleName(this.environment, "control-plane-stream-ended"),
      description: "runs of the streaming job that ended, whatever the outcome",
      pattern: {
        source: ["aws.glue"],
        "detail-type": ["Glue Job State Change"],
        detail: { jobName: [manifestsJobName(this.environment)], state: [...STREAMING_END_STATES] },
      },
    });
    routeEvents(this, "manifests-processed", this.controlPlane, {
      ...common,
      ruleName: ruleName(this.environment, "control-plane-manifests-processed"),
      description: "manifests that the streaming job committed",
      pattern: { source: [alertSource(this.environment)], "detail-type": ["ManifestProcessed"] },
    });
  }

  private schedule(): void {
    const { account, manifests } = this.environment;
    scheduleRounds(this, "control-plane", this.controlPlane.function, {
      scheduleName: functionName(this.environment, "control-plane"),
      description: "the control plane's look at the streaming job",
      rateMinutes: 1,
      input: TICK,
      account,
    });
    scheduleRounds(this, "manifests-reconciler", this.reconciler.function, {
      scheduleName: functionName(this.environment, "manifests-reconciler"),
      description: "the rounds of manifests-reconciler",
      rateMinutes: manifests.reconcile.rateMinutes,
      account,
    });
  }
}
