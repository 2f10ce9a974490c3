import { Construct } from "constructs";
import { Alarm, type AlarmProps } from "../../../constructs/alarm";
import { MAX_CONNECTIONS } from "../../../constructs/postgres-server";
import {
  type Environment,
  ledgerBatchJobName,
  ledgerListerJobName,
  ledgerServerName,
  resourceName,
} from "../../../environments/schema";
import { FAILED_STATES } from "../../../runtime/glue-states";
import { FIVE_MINUTES, onOwnMetric, SILENCE, type Watched } from "../alarm-settings";
import { alertRule } from "../alert-rule";
import { queueAlarms } from "../queue-alarms";
import { ruleAlarm } from "../rule-alarm";

/** Settings that differ from alarm to alarm. */
type Measure = Omit<AlarmProps, "topic" | "alarmName" | "namespace" | "dimensions" | "periodSeconds">;

/** Measures in a row: a commit is published by whoever made it, within moments. */
const UNPUBLISHED_MEASURES = 3;
const GIGABYTE = 2 ** 30;
/**
 * Fraction of the storage that is left when an alarm reports that it does not grow, or not fast enough: RDS
 * grows it at a tenth.
 *
 * @see https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html (2026-11-29)
 */
const MIN_FREE = 0.05;
/** Fraction of the connections. */
const MANY = 0.8;
const BUSY_PERCENT = 90;
/** Five-minute periods of a load that does not pass. */
const BUSY_PERIODS = 6;

/** Alarms of the ledger pipeline, in addition to the errors of its functions. */
export class LedgerAlarms extends Construct {
  private readonly environment: Environment;

  constructor(
    scope: Construct,
    id: string,
    private readonly watched: Watched,
  ) {
    super(scope, id);
    this.environment = watched.environment;
    queueAlarms(this, "ledger-inputs", watched);
    ruleAlarm(this, "control-plane-batches-published", watched);
    ruleAlarm(this, "ledger-starter-listed", watched);
    this.fileAlarms();
    this.transactionAlarm();
    this.silenceAlarm();
    this.jobAlarms();
    if (this.environment.ledger.postgres.server === "managed") this.serverAlarms();
  }

  /** An alarm on what the operator function measures. */
  private measured(id: string, measure: Measure): void {
    new Alarm(this, id, {
      ...measure,
      ...onOwnMetric(this.watched),
      alarmName: resourceName(this.environment, `ledger-${id}`),
      periodSeconds: FIVE_MINUTES,
    });
  }

  private fileAlarms(): void {
    const { oldestClaimableMinutes } = this.environment.ledger;
    // a measure that falls into the next period says nothing about the files
    const common = { statistic: "Maximum", missingData: "ignore" } as const;
    this.measured("failed-files", {
      ...common,
      description:
        "batches are out of attempts; see their errors (tributary ledger status), then release them",
      metricName: "LedgerFailedFiles",
    });
    this.measured("quarantined-files", {
      ...common,
      description:
        "raw JSON files were quarantined today; see why (tributary quarantine list --pipeline ledger)",
      metricName: "LedgerQuarantinedFiles",
    });
    this.measured("oldest-claimable", {
      ...common,
      description: `a raw JSON file could be claimed and waits for more than ${oldestClaimableMinutes} minutes; look at the batch job's runs, or give it more workers`,
      metricName: "LedgerOldestClaimableSeconds",
      threshold: oldestClaimableMinutes * 60,
    });
    this.measured("lease-takeovers", {
      ...common,
      description: "leases of batches ran out within the last hour: a run died; look at the batch job's logs",
      metricName: "LedgerLeaseTakeovers",
    });
    this.measured("unpublished-commits", {
      ...common,
      description: "a committed batch waits to be published, and nobody does; start the batch job",
      metricName: "LedgerUnpublishedCommits",
      evaluationPeriods: UNPUBLISHED_MEASURES,
    });
  }

  private transactionAlarm(): void {
    const { oldestTransactionMinutes } = this.environment.ledger;
    this.measured("oldest-transaction", {
      statistic: "Maximum",
      missingData: "ignore",
      description: `a transaction is open for more than ${oldestTransactionMinutes} minutes and keeps dead rows from being cleaned; see whose (tributary ledger vacuum-check)`,
      metricName: "LedgerOldestTransactionSeconds",
      threshold: oldestTransactionMinutes * 60,
    });
  }

  private silenceAlarm(): void {
    this.measured("silent", {
      description:
        "the ledger is not measured: the function ledger-operator does not run, or does not reach PostgreSQL; look at its schedule and log group",
      metricName: "LedgerOldestClaimableSeconds",
      ...SILENCE,
    });
  }

  /**
   * Adds the alarms of the jobs. The alert has Glue's own message of the run; the alarm ends when no run
   * fails any more.
   */
  private jobAlarms(): void {
    const failed = {
      source: ["aws.glue"],
      "detail-type": ["Glue Job State Change"],
      detail: {
        jobName: [ledgerListerJobName(this.environment), ledgerBatchJobName(this.environment)],
        state: FAILED_STATES,
      },
    };
    const rule = alertRule(
      this,
      "failed-runs",
      { rule: "ledger-failed-runs", description: "runs of the ledger's jobs that failed", pattern: failed },
      this.watched,
    );
    new Alarm(this, "job-failures", {
      topic: this.watched.topic,
      alarmName: resourceName(this.environment, "ledger-job-failures"),
      description:
        "a run of the lister or of the batch job failed; look at the alert event and the job's log groups",
      namespace: "AWS/Events",
      metricName: "TriggeredRules",
      dimensions: { RuleName: rule.name },
      statistic: "Sum",
      periodSeconds: FIVE_MINUTES,
    });
  }

  private serverAlarms(): void {
    const { storageGigabytes } = this.environment.ledger.postgres;
    this.server("free-storage", {
      description:
        "PostgreSQL's storage is nearly full: it grows to its maximum by itself, so raise that; full, it stops",
      metricName: "FreeStorageSpace",
      statistic: "Minimum",
      comparison: "LessThanThreshold",
      threshold: Math.round(MIN_FREE * storageGigabytes * GIGABYTE),
    });
    this.server("connections", {
      description: `PostgreSQL has more than ${MANY * MAX_CONNECTIONS} of at most ${MAX_CONNECTIONS} connections; see whose (tributary ledger vacuum-check)`,
      metricName: "DatabaseConnections",
      statistic: "Maximum",
      threshold: MANY * MAX_CONNECTIONS,
    });
    this.server("processor", {
      description: "PostgreSQL's processor is busy for half an hour; see by what (Performance Insights)",
      metricName: "CPUUtilization",
      statistic: "Average",
      threshold: BUSY_PERCENT,
      evaluationPeriods: BUSY_PERIODS,
    });
  }

  private server(id: string, measure: Measure): void {
    new Alarm(this, id, {
      ...measure,
      topic: this.watched.topic,
      alarmName: resourceName(this.environment, `ledger-${id}`),
      namespace: "AWS/RDS",
      dimensions: { DBInstanceIdentifier: ledgerServerName(this.environment) },
      periodSeconds: FIVE_MINUTES,
    });
  }
}
