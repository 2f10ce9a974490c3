import { LambdaEventSourceMapping } from "@cdktf/provider-aws/lib/lambda-event-source-mapping";
import { Construct } from "constructs";
import { BundledFunction, type FunctionSettings } from "../../../constructs/functions/bundled-function";
import { routeEvents, scheduleRounds } from "../../../constructs/functions/invocations";
import { EtlJob, type EtlJobProps } from "../../../constructs/glue/etl-job";
import { GlueWorkflow } from "../../../constructs/glue/glue-workflow";
import type { JobCode } from "../../../constructs/glue/job-code";
import { QueueWithDeadLetters } from "../../../constructs/queue-with-dead-letters";
import { datasetsOf } from "../../../datasets/schema/datasets";
import {
  alertSource,
  type Environment,
  functionName,
  LISTER_WORKERS,
  ledgerBatchJobName,
  ledgerListerJobName,
  ledgerWorkflowName,
  metricNamespace,
  queueName,
  ruleName,
} from "../../../environments/schema";
import { SMOKE_DATASETS } from "../../../runtime/smoke";
import { jobKeys, type PipelineResources, sizeOf } from "../pipeline-resources";
import { rawEventsOf } from "../raw-events";
import { ledgerBatchArguments, ledgerListerArguments } from "./job-arguments";
import {
  ledgerBatchStatements,
  ledgerListerStatements,
  ledgerOperatorStatements,
  ledgerRegistrarStatements,
} from "./permissions";

export interface LedgerPipelineProps extends PipelineResources {
  /** Settings that all functions of the environment share. */
  readonly settings: FunctionSettings;
  /** Package and wheels of the environment's jobs. */
  readonly code: JobCode;
  /** Receives an event for every batch that was published. */
  readonly controlPlane: BundledFunction<"control-plane">;
}

const MEASURE_MINUTES = 5;
const MEASURE = JSON.stringify({ command: "measure" });
/** S3 events of one call of the registrar, and the maximum number of concurrent calls. */
const REGISTRATION = { batchSize: 1000, maximumConcurrency: 4 } as const;

/** Files → PostgreSQL → batches → Parquet: queue, functions, jobs, and their triggers. */
export class LedgerPipeline extends Construct {
  readonly inputs: QueueWithDeadLetters;
  readonly registrar: BundledFunction<"ledger-registrar">;
  readonly operator: BundledFunction<"ledger-operator">;
  readonly lister: EtlJob;
  readonly batch: EtlJob;
  readonly starter: BundledFunction<"ledger-starter">;
  private readonly environment: Environment;

  constructor(scope: Construct, id: string, props: LedgerPipelineProps) {
    super(scope, id);
    this.environment = props.environment;
    this.inputs = this.queue(props);
    this.registrar = this.registrarFunction(props);
    this.operator = this.operatorFunction(props);
    this.lister = this.listerJob(props);
    this.batch = this.batchJob(props);
    this.starter = this.starterFunction(props);
    this.deliverInputs(props);
    this.tellControlPlane(props);
    this.measure();
    this.start(props);
  }

  private queue({ settings, storage }: LedgerPipelineProps): QueueWithDeadLetters {
    const { account, region, keyArn, tlsOnly } = settings;
    return new QueueWithDeadLetters(this, "inputs", {
      queueName: queueName(this.environment, "ledger-inputs"),
      deadLetters: storage.deadLettersOf("ledger-inputs"),
      sender: rawEventsOf(this.environment),
      account,
      region,
      keyArn,
      tlsOnly,
    });
  }

  private registrarFunction(props: LedgerPipelineProps): BundledFunction<"ledger-registrar"> {
    const { server } = props.ledger;
    return new BundledFunction(this, "registrar", {
      handler: "ledger-registrar",
      functionName: functionName(this.environment, "ledger-registrar"),
      description: "registers announced files in the ledger",
      variables: {
        ...server.address,
        START_YEAR: String(this.environment.ledger.lister.startYear),
        ENVIRONMENT: this.environment.name,
        METRIC_NAMESPACE: metricNamespace(this.environment),
      },
      declared: {
        prefixes: Object.fromEntries(datasetsOf("ledger").map(({ name, prefix }) => [name, prefix])),
      },
      statements: ledgerRegistrarStatements(props),
      settings: { ...props.settings, memorySizeMegabytes: 256, timeoutSeconds: 120 },
      network: server.functionNetwork,
      synchronous: true,
    });
  }

  private operatorFunction(props: LedgerPipelineProps): BundledFunction<"ledger-operator"> {
    const { server } = props.ledger;
    return new BundledFunction(this, "operator", {
      handler: "ledger-operator",
      functionName: functionName(this.environment, "ledger-operator"),
      description: "measures the ledger, and answers and does what an operator asks for",
      variables: {
        ...server.address,
        ENVIRONMENT: this.environment.name,
        METRIC_NAMESPACE: metricNamespace(this.environment),
      },
      statements: ledgerOperatorStatements(props),
      // an exact count of a hundred million files takes minutes
      settings: { ...props.settings, memorySizeMegabytes: 256, timeoutSeconds: 900 },
      network: server.functionNetwork,
      synchronous: true,
    });
  }

  private starterFunction(props: LedgerPipelineProps): BundledFunction<"ledger-starter"> {
    return new BundledFunction(this, "starter", {
      handler: "ledger-starter",
      functionName: functionName(this.environment, "ledger-starter"),
      description: "starts a run of the batch job, unless it has as many as it may have",
      variables: { JOB_NAME: this.batch.job.name },
      statements: [this.batch.grantStart()],
      settings: { ...props.settings, memorySizeMegabytes: 256, timeoutSeconds: 60 },
      synchronous: true,
    });
  }

  private listerJob(props: LedgerPipelineProps): EtlJob {
    const { lister } = this.environment.ledger;
    return this.job("lister", props, {
      jobName: ledgerListerJobName(this.environment),
      description: "registers the current versions of all files of its datasets in the ledger",
      script: "ledger_lister",
      ...sizeOf(LISTER_WORKERS),
      timeoutMinutes: lister.timeoutMinutes,
      arguments: ledgerListerArguments(this.environment, {
        rawBucket: props.storage.raw.bucket,
        address: props.ledger.server.address,
      }),
      callerArguments: ["recent_weeks"],
      statements: ledgerListerStatements(props),
    });
  }

  private batchJob(props: LedgerPipelineProps): EtlJob {
    const { batch } = this.environment.ledger;
    const { storage, ledger } = props;
    return this.job("batch", props, {
      jobName: ledgerBatchJobName(this.environment),
      description: "claims batches of files, transforms, publishes and archives them",
      script: "ledger_batch",
      ...sizeOf(batch.workers),
      concurrentRuns: batch.concurrentRuns,
      // no retries: what failed is claimed again by the next run that is started
      timeoutMinutes: batch.timeoutMinutes,
      maximumRunDollars: batch.maximumRunDollars,
      arguments: ledgerBatchArguments(this.environment, {
        rawBucket: storage.raw.bucket,
        curatedBucket: storage.curated.bucket,
        quarantineBucket: storage.quarantine.bucket,
        controlTable: ledger.control.name,
        address: ledger.server.address,
      }),
      callerArguments: ["budget_minutes"],
      statements: ledgerBatchStatements(props),
    });
  }

  /** Builds a job with the settings that both share. */
  private job(
    id: string,
    { storage, code, connections }: LedgerPipelineProps,
    own: Pick<
      EtlJobProps,
      | "jobName"
      | "description"
      | "script"
      | "workerType"
      | "numberOfWorkers"
      | "maximumWorkers"
      | "executionClass"
      | "sparkConf"
      | "concurrentRuns"
      | "timeoutMinutes"
      | "maximumRunDollars"
      | "arguments"
      | "callerArguments"
      | "statements"
    >,
  ): EtlJob {
    const { account, region, glue, logs } = this.environment;
    return new EtlJob(this, id, {
      ...own,
      artifacts: storage.artifacts,
      account,
      region,
      keys: jobKeys(storage),
      glueVersion: glue.version,
      connections,
      logRetentionDays: logs.retentionDays,
      code,
    });
  }

  private deliverInputs({ settings }: LedgerPipelineProps): void {
    const { batchSize } = REGISTRATION;
    // each delivery beyond what is reserved would be refused, and count towards the dead-letter queue
    const maximumConcurrency = Math.min(
      REGISTRATION.maximumConcurrency,
      settings.reservedExecutions?.["ledger-registrar"] ?? REGISTRATION.maximumConcurrency,
    );
    const { ledger, manifests } = this.environment;
    new LambdaEventSourceMapping(this, "inputs-to-registrar", {
      eventSourceArn: this.inputs.queue.arn,
      functionName: this.registrar.function.arn,
      batchSize,
      maximumBatchingWindowInSeconds: ledger.registrationSeconds,
      scalingConfig: { maximumConcurrency },
      functionResponseTypes: ["ReportBatchItemFailures"],
      enabled: manifests.eventSource.served === "lambda",
    });
  }

  private tellControlPlane({ controlPlane, storage }: LedgerPipelineProps): void {
    routeEvents(this, "batches-published", controlPlane, {
      targetId: "control-plane",
      undelivered: storage.undeliveredEvents,
      ruleName: ruleName(this.environment, "control-plane-batches-published"),
      description: "batches that the batch job published",
      // the control plane adds the columns of an event to the table that it names, and counts it, which smoke tests
      // are left out of
      pattern: {
        source: [alertSource(this.environment)],
        "detail-type": ["LedgerBatchPublished"],
        detail: { dataset: [{ "anything-but": [SMOKE_DATASETS.ledger] }] },
      },
    });
  }

  private measure(): void {
    scheduleRounds(this, "operator", this.operator.function, {
      scheduleName: functionName(this.environment, "ledger-operator"),
      description: "the ledger's measures",
      rateMinutes: MEASURE_MINUTES,
      input: MEASURE,
      account: this.environment.account,
    });
  }

  private start({ storage }: LedgerPipelineProps): void {
    const { account, ledger } = this.environment;
    const { scheduled, lister, batch } = ledger;
    new GlueWorkflow(this, "workflow", {
      workflowName: ledgerWorkflowName(this.environment),
      description: "lists files of the ledger's datasets",
      job: this.lister.job,
      schedule: scheduled ? `cron(0 ${lister.hour} * * ? *)` : undefined,
    });
    const name = functionName(this.environment, "ledger-starter");
    routeEvents(this, "listed", this.starter, {
      targetId: "ledger-starter",
      undelivered: storage.undeliveredEvents,
      ruleName: ruleName(this.environment, "ledger-starter-listed"),
      description: "runs of the lister that succeeded",
      pattern: {
        source: ["aws.glue"],
        "detail-type": ["Glue Job State Change"],
        detail: { jobName: [ledgerListerJobName(this.environment)], state: ["SUCCEEDED"] },
      },
    });
    if (!scheduled) return;
    scheduleRounds(this, "starter", this.starter.function, {
      scheduleName: name,
      description: "the starts of the batch job",
      rateMinutes: batch.rateMinutes,
      account,
    });
  }
}
