/**
 * Requests of the command line to the function `ledger-operator`, and their answers: JSON both ways. Times
 * are ISO 8601 in UTC by the ledger's clock.
 */

/** States of a batch, as the ledger has them. */
export const BATCH_STATES = ["CLAIMED", "WAITING", "COMMITTED", "SUCCEEDED", "PARTIAL", "FAILED"] as const;
export type BatchState = (typeof BATCH_STATES)[number];

/** Statuses of a file, in the order that it goes through. */
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

/** Maximum number of names in one request. */
export const MAX_NAMES = 100;
/** Maximum number of batches that one request gives back. */
export const MAX_REOPENED = 1000;
/** Maximum number of files on one page. */
export const MAX_ON_A_PAGE = 1000;

/** Metrics of the answer to `measure`. */
export const LEDGER_METRICS = [
  "LedgerQueuedFiles",
  "LedgerFailedFiles",
  "LedgerQuarantinedFiles",
  "LedgerRefusedKeys",
  "LedgerOldestClaimableSeconds",
  "LedgerLeaseTakeovers",
  "LedgerUnpublishedCommits",
  "LedgerOldestTransactionSeconds",
] as const;
export type LedgerMetric = (typeof LEDGER_METRICS)[number];
export type LedgerMeasures = Readonly<Record<LedgerMetric, number>>;

/** Commands, each with its request and its answer. */
export interface LedgerCommands {
  /** Reads all that alarms watch and writes it as metrics; the schedule sends this. */
  readonly measure: { readonly request: object; readonly answer: LedgerMeasures };
  readonly status: {
    readonly request: {
      /** Counts every file, which takes minutes where there are a hundred million. */
      readonly exact?: boolean;
    };
    readonly answer: LedgerStatus;
  };
  readonly files: { readonly request: FilesRequest; readonly answer: FilesPage };
  /** Finds files by their names: ids, keys, or `s3://` addresses. */
  readonly find: { readonly request: NamesRequest; readonly answer: FoundFiles };
  readonly batch: { readonly request: { readonly batch: number }; readonly answer: DescribedBatch | null };
  /** Gives back a batch that is not committed: it is available immediately, with all its attempts. */
  readonly release: { readonly request: { readonly batch: number } & Reopening; readonly answer: Reopened };
  /** Gives back the batches of some files, unless a run works on them. */
  readonly retry: { readonly request: NamesRequest & Reopening; readonly answer: Reopened };
  /** Gives back the next `MAX_REOPENED` batches, by id after that one, that failed within that time. */
  readonly requeue: {
    readonly request: { readonly sinceMinutes: number; readonly after?: number } & Reopening;
    readonly answer: Reopened;
  };
  /** Puts quarantined files back into the queue. */
  readonly "retry-quarantined": { readonly request: NamesRequest & DryRun; readonly answer: Requeued };
  readonly replay: { readonly request: ReplayRequest; readonly answer: Replayed };
  readonly "vacuum-check": { readonly request: object; readonly answer: VacuumCheck };
  /** Removes all that the ledger keeps of a smoke test's file, unless a run works on it. */
  readonly "forget-smoke-test": {
    readonly request: { readonly key: string };
    /** Number of versions that it knew and forgot. */
    readonly answer: { readonly files: number };
  };
}

export type LedgerCommand = keyof LedgerCommands;
export type LedgerRequest<Command extends LedgerCommand> = LedgerCommands[Command]["request"];
export type LedgerAnswer<Command extends LedgerCommand> = LedgerCommands[Command]["answer"];

/** Reply of the function: the answer, or what is wrong with the request. It throws any other failure. */
export type LedgerReply<Answer> = { readonly answer: Answer } | { readonly unreadable: string };

export interface DryRun {
  /** Only report what would be done. */
  readonly dryRun?: boolean;
}

export interface Reopening extends DryRun {
  /** Replay under the dataset version of the run that claims it next: its own version cannot process it. */
  readonly currentVersion?: boolean;
}

export interface NamesRequest {
  /** Names, at most `MAX_NAMES`. */
  readonly names: readonly string[];
}

/** Number of files of a dataset. */
export interface DatasetCount {
  readonly dataset: string;
  readonly files: number;
}

/** Number of a dataset's batches in one state. */
export interface StateCount extends DatasetCount {
  readonly state: BatchState;
  readonly batches: number;
}

export interface LedgerStatus {
  readonly at: string;
  readonly files: Readonly<Record<LedgerFileStatus, number>>;
  /** Statuses whose numbers are estimates by the server's statistics. */
  readonly estimated: readonly LedgerFileStatus[];
  /** Files in the queue by dataset; none where their number is an estimate. */
  readonly queued: readonly DatasetCount[];
  readonly batches: readonly StateCount[];
  /** Number of finished batches whose raw files are not archived yet. */
  readonly unarchived: number;
  /** Number of committed batches that nobody is publishing. */
  readonly unpublishedCommits: number;
  /** Waiting time of the oldest claimable file or batch; null where nothing is claimable. */
  readonly oldestClaimableSeconds: number | null;
  readonly lastHour: LastHour;
}

/** Commits of the last 60 minutes. */
export interface LastHour {
  readonly batches: number;
  readonly files: number;
  readonly rows: number;
  readonly deadLetters: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** Batches taken over from a silent holder within the hour. */
  readonly takeOvers: number;
}

/** Start of a page of files: after that file of that batch. The queue counts as batch 0. */
export interface FilesPlace {
  readonly batch: number;
  readonly file: number;
}

/** Request for the files of a status, or of a batch: exactly one of the two is given. */
export interface FilesRequest {
  readonly status?: LedgerFileStatus;
  readonly batch?: number;
  readonly after?: FilesPlace;
  /** Maximum number of files on the page. */
  readonly limit: number;
}

export interface LedgerFile {
  readonly id: number;
  readonly bucket: string;
  readonly key: string;
  readonly version: string;
  readonly size: number;
  readonly lastModified: string;
  readonly registeredAt: string;
  readonly dataset: string;
  readonly status: LedgerFileStatus;
  /** Batch that holds the file or finished it. */
  readonly batch: number | null;
  /** Attempts of that batch. */
  readonly attempts: number;
  readonly error: string | null;
}

export interface FilesPage {
  readonly files: readonly LedgerFile[];
  /** Start of the next page; absent on the last one. */
  readonly next?: FilesPlace;
}

export interface FoundFiles {
  readonly files: readonly LedgerFile[];
  /** Names that are unknown to the ledger. */
  readonly unknown: readonly string[];
}

export interface BatchSummary {
  readonly id: number;
  readonly state: BatchState;
  readonly files: number;
  readonly bytes: number;
  readonly owner: string;
  readonly attempts: number;
  readonly lastError: string | null;
}

export interface DescribedBatch extends BatchSummary {
  readonly partialFiles: number;
  readonly token: number;
  /** True while a run holds it under a lease that has not expired. */
  readonly isHeld: boolean;
  /** End of the lease or of the pause; null where there is none. */
  readonly availableAt: string | null;
  readonly lapsedLeases: number;
  readonly replays: number;
  /** Dataset version; null: that of the run that claims it next. */
  readonly datasetVersion: string | null;
  readonly dataset: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly committedAt: string | null;
  readonly finishedAt: string | null;
  readonly archivedAt: string | null;
  readonly firstError: string | null;
  readonly counts: Readonly<Record<string, unknown>> | null;
  readonly objectCount: number;
  /** First thousand objects. */
  readonly objects: readonly BatchObject[];
  readonly earlierObjectCount: number;
  /** Objects of earlier commits, which the next publication replaces; the first thousand. */
  readonly earlierObjects: readonly BatchObject[];
  /** Files that it lost to quarantine; only the first of them. */
  readonly quarantined: readonly { readonly id: number; readonly key: string; readonly error: string }[];
}

export interface BatchObject {
  readonly bucket: "curated" | "quarantine";
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
}

/** Name or batch that was refused, and the reason. */
export interface Refusal {
  readonly what: string;
  readonly why: string;
  /** True where the ledger has nothing under that name. */
  readonly isUnknown: boolean;
}

/** Batches that wait to be claimed, or would in a dry run; each as it was before. */
export interface Reopened {
  readonly batches: readonly BatchSummary[];
  readonly refused: readonly Refusal[];
}

/** Files that are claimable again, or would be in a dry run. */
export interface Requeued {
  readonly files: readonly LedgerFile[];
  readonly refused: readonly Refusal[];
}

/** Batches that were committed in that time, its start included and its end not. */
export interface ReplayRequest extends DryRun {
  readonly from: string;
  readonly to: string;
  readonly dataset?: string;
  /** That batch alone. */
  readonly batch?: number;
  /** Maximum number of batches of one request. */
  readonly limit: number;
}

export interface Replayed {
  /** Number of batches that wait to be replayed now; in a dry run, of all that would. */
  readonly batches: number;
  readonly files: number;
  readonly rows: number;
  readonly inputBytes: number;
  /** True while batches are left that can be replayed. */
  readonly isMore: boolean;
  /**
   * Time of the earliest claim, null where there are none: files were archived after that, and perhaps long
   * before the commit of a replay.
   */
  readonly claimedSince: string | null;
  /** Batches of that time that are not archived yet; only the first of them. */
  readonly unarchived: { readonly count: number; readonly first: readonly number[] };
}

export interface VacuumCheck {
  readonly at: string;
  /** True where other logins' sessions are visible: else the oldest transaction may be another. */
  readonly seesAllSessions: boolean;
  /** Holders that keep the server from cleaning, the oldest first. */
  readonly holders: readonly Holder[];
  readonly tables: readonly TableHealth[];
  readonly wraparound: Wraparound;
  /** Findings that need action; empty where nothing does. */
  readonly findings: readonly Finding[];
}

/** A session, a replication slot or a prepared transaction that keeps dead rows from being cleaned. */
export interface Holder {
  readonly kind: "session" | "slot" | "prepared";
  /** Process id, or name. */
  readonly name: string;
  readonly user: string | null;
  readonly application: string | null;
  readonly state: string | null;
  /** Age of its transaction; null for a slot. */
  readonly seconds: number | null;
  /** Number of transactions that began since. */
  readonly xminAge: number | null;
}

export interface TableHealth {
  readonly table: string;
  readonly liveRows: number;
  readonly deadRows: number;
  /** Number of dead rows from which autovacuum cleans. */
  readonly cleanedFrom: number;
  readonly bytes: number;
  readonly lastVacuum: string | null;
  readonly secondsSinceVacuum: number | null;
  /** Number of transactions since its rows were last frozen. */
  readonly xidAge: number;
}

export interface Wraparound {
  /** Number of transactions since the oldest row of the database that is not frozen. */
  readonly xidAge: number;
  readonly multixactAge: number;
  /** Age at which autovacuum freezes whatever its other settings. */
  readonly freezesFrom: number;
  /** Age at which the server refuses to write. */
  readonly stopsAt: number;
}

export interface Finding {
  readonly level: "warning" | "critical";
  readonly what: string;
  readonly wayOut: string;
}
