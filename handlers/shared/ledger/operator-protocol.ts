/** What the command line asks the function `ledger-operator`, and what it answers. */

/** Reads all that alarms watch and writes it as metrics; the schedule asks this. */
export interface MeasureRequest {
  readonly command: "measure";
}

export interface StatusRequest {
  readonly command: "status";
  /** Count every row, which takes minutes where there are a hundred million; else the queue's number may be an estimate. */
  readonly exact?: boolean;
}

/** States of a batch, as the ledger has them. */
export const BATCH_STATES = ["CLAIMED", "WAITING", "COMMITTED", "SUCCEEDED", "PARTIAL", "FAILED"] as const;
export type BatchState = (typeof BATCH_STATES)[number];

/** Where a file stands, in the order that it goes through. */
export const FILE_STATUSES = [
  "pending",
  "processing",
  "failed",
  "committed",
  "succeeded",
  "partial",
  "quarantined",
] as const;
export type LedgerFileStatus = (typeof FILE_STATUSES)[number];

/** Batches of one state. */
export interface StateCount {
  readonly state: BatchState;
  readonly batches: number;
  readonly files: number;
}

export interface LedgerStatus {
  /** By the ledger's clock. */
  readonly at: string;
  readonly files: Readonly<Record<LedgerFileStatus, number>>;
  /** Of the files, the number that is an estimate by the planner's statistics. */
  readonly estimated: readonly LedgerFileStatus[];
  readonly batches: readonly StateCount[];
  /** Seconds that the file or batch waits which is claimable and waits longest; null where nothing is claimable. */
  readonly oldestClaimableSeconds: number | null;
  /** Batches whose outputs won and which nobody is publishing. */
  readonly unpublishedCommits: number;
  readonly lastHour: LastHour;
}

/** What was committed within the last 60 minutes. */
export interface LastHour {
  readonly batches: number;
  readonly files: number;
  readonly rows: number;
  readonly deadLetters: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** Leases that ran out, of batches that changed in this hour. */
  readonly takeOvers: number;
}

/** What `measure` found, by the names of the metrics. */
export type LedgerMeasures = Readonly<Record<LedgerMetric, number>>;

export const LEDGER_METRICS = [
  "LedgerQueuedFiles",
  "LedgerFailedFiles",
  "LedgerQuarantinedFiles",
  "LedgerOldestClaimableSeconds",
  "LedgerLeaseTakeovers",
  "LedgerUnpublishedCommits",
  "LedgerOldestTransactionSeconds",
] as const;
export type LedgerMetric = (typeof LEDGER_METRICS)[number];

/** Each request with its answer. */
export interface LedgerCommands {
  measure: { request: MeasureRequest; answer: LedgerMeasures };
  status: { request: StatusRequest; answer: LedgerStatus };
}

export type LedgerCommand = keyof LedgerCommands;
export type LedgerRequest = LedgerCommands[LedgerCommand]["request"];
