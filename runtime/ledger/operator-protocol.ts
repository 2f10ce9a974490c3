/**
 * What the command line asks the function `ledger-operator`, and what it answers: JSON both ways. Times are ISO 8601 in
 * UTC by the ledger's clock.
 */

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

/** Most names in one request. */
export const MOST_NAMES = 100;
/** Most batches that one request gives back. */
export const MOST_REOPENED = 1000;
/** Most files on one page. */
export const MOST_ON_A_PAGE = 1000;

/** What `measure` gives, each a metric. */
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
export type LedgerMeasures = Readonly<Record<LedgerMetric, number>>;

/** Each command with its request and its answer. */
export interface LedgerCommands {
  /** Reads all that alarms watch and writes it as metrics; the schedule asks this. */
  readonly measure: { readonly request: object; readonly answer: LedgerMeasures };
  readonly status: {
    readonly request: {
      /** Count every file, which takes minutes where there are a hundred million. */
      readonly exact?: boolean;
    };
    readonly answer: LedgerStatus;
  };
  readonly files: { readonly request: FilesRequest; readonly answer: FilesPage };
  /** What is known of files by their names: ids, keys, or `s3://` addresses. */
  readonly find: { readonly request: NamesRequest; readonly answer: FoundFiles };
  readonly batch: { readonly request: { readonly batch: number }; readonly answer: DescribedBatch | null };
  /** Gives a batch back that is not committed: tried at once, with all its attempts. */
  readonly release: { readonly request: { readonly batch: number } & Reopening; readonly answer: Reopened };
  /** The same of the batches of some files, unless a run is at work on them. */
  readonly retry: { readonly request: NamesRequest & Reopening; readonly answer: Reopened };
  /** The same of the next `MOST_REOPENED` batches, by id after that one, that failed within that time. */
  readonly requeue: {
    readonly request: { readonly sinceMinutes: number; readonly after?: number } & Reopening;
    readonly answer: Reopened;
  };
  /** Puts quarantined files back into the queue. */
  readonly "retry-quarantined": { readonly request: NamesRequest & DryRun; readonly answer: Requeued };
  readonly replay: { readonly request: ReplayRequest; readonly answer: Replayed };
  readonly "vacuum-check": { readonly request: object; readonly answer: VacuumCheck };
}

export type LedgerCommand = keyof LedgerCommands;
export type LedgerRequest<Command extends LedgerCommand> = LedgerCommands[Command]["request"];
export type LedgerAnswer<Command extends LedgerCommand> = LedgerCommands[Command]["answer"];

/** What the function gives: the answer, or what is wrong with the request. Any other failure it throws. */
export type LedgerReply<Answer> = { readonly answer: Answer } | { readonly unreadable: string };

export interface DryRun {
  /** Only say what would be done. */
  readonly dryRun?: boolean;
}

export interface Reopening extends DryRun {
  /** Under the dataset version of the run that takes it next: its own cannot do it. */
  readonly currentVersion?: boolean;
}

export interface NamesRequest {
  /** At most `MOST_NAMES`. */
  readonly names: readonly string[];
}

/** Batches of one state. */
export interface StateCount {
  readonly state: BatchState;
  readonly batches: number;
  readonly files: number;
}

export interface LedgerStatus {
  readonly at: string;
  readonly files: Readonly<Record<LedgerFileStatus, number>>;
  /** Of the files, the numbers that are estimates by the server's statistics. */
  readonly estimated: readonly LedgerFileStatus[];
  readonly batches: readonly StateCount[];
  /** Finished batches whose raw files are not archived yet. */
  readonly unarchived: number;
  /** Batches whose outputs won and which nobody is publishing. */
  readonly unpublishedCommits: number;
  /** How long the file or batch waits that is claimable and waits longest; null where nothing is claimable. */
  readonly oldestClaimableSeconds: number | null;
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
  /** Batches whose holder was found silent within the hour. */
  readonly takeOvers: number;
}

/** Where a page of files begins: after that file of that batch. The queue counts as batch 0. */
export interface FilesPlace {
  readonly batch: number;
  readonly file: number;
}

/** The files of a status, or of a batch: one of the two is given. */
export interface FilesRequest {
  readonly status?: LedgerFileStatus;
  readonly batch?: number;
  readonly after?: FilesPlace;
  /** Most files of the page. */
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
  readonly status: LedgerFileStatus;
  /** The batch that holds it or ended it. */
  readonly batch: number | null;
  /** Attempts of that batch. */
  readonly attempts: number;
  readonly error: string | null;
}

export interface FilesPage {
  readonly files: readonly LedgerFile[];
  /** Where the next page begins; absent: there is none. */
  readonly next?: FilesPlace;
}

export interface FoundFiles {
  readonly files: readonly LedgerFile[];
  /** Names that the ledger does not know. */
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
  /** Whether a run holds it and its lease did not run out. */
  readonly isHeld: boolean;
  /** End of the lease or of the pause; null where there is none. */
  readonly availableAt: string | null;
  readonly lapsedLeases: number;
  readonly replays: number;
  /** Null: that of the run which takes it next. */
  readonly datasetVersion: string | null;
  readonly dataset: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly committedAt: string | null;
  readonly finishedAt: string | null;
  readonly archivedAt: string | null;
  readonly firstError: string | null;
  readonly counts: Readonly<Record<string, unknown>> | null;
  readonly objectCount: number;
  /** The first thousand. */
  readonly objects: readonly BatchObject[];
  readonly earlierObjectCount: number;
  /** Objects of earlier commits, which the next publication replaces; the first thousand. */
  readonly earlierObjects: readonly BatchObject[];
  /** Files that it lost to quarantine; the first of them. */
  readonly quarantined: readonly { readonly id: number; readonly key: string; readonly error: string }[];
}

export interface BatchObject {
  readonly bucket: "curated" | "quarantine";
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
}

/** What was not done, and why. */
export interface Refusal {
  readonly what: string;
  readonly why: string;
  /** Whether the ledger knows nothing of that name. */
  readonly isUnknown: boolean;
}

/** Batches that wait to be tried, or would; each as it was before. */
export interface Reopened {
  readonly batches: readonly BatchSummary[];
  readonly refused: readonly Refusal[];
}

/** Files that are claimable again, or would be. */
export interface Requeued {
  readonly files: readonly LedgerFile[];
  readonly refused: readonly Refusal[];
}

/** Batches whose commit lies in that time, the begin included and the end not. */
export interface ReplayRequest extends DryRun {
  readonly from: string;
  readonly to: string;
  readonly dataset?: string;
  /** Most batches of one request. */
  readonly limit: number;
}

export interface Replayed {
  /** Batches that wait to be replayed now; of a dry run, all that would. */
  readonly batches: number;
  readonly files: number;
  readonly rows: number;
  readonly inputBytes: number;
  /** Whether batches are left that can be replayed. */
  readonly isMore: boolean;
  /**
   * When the first of those was claimed, null where there are none: its files were archived after that, and perhaps long
   * before the commit of a replay.
   */
  readonly claimedSince: string | null;
  /** Batches of that time that are not archived yet; the first of them. */
  readonly unarchived: { readonly count: number; readonly first: readonly number[] };
}

export interface VacuumCheck {
  readonly at: string;
  /** Whether other logins' sessions are seen: else the oldest transaction may be another. */
  readonly seesAllSessions: boolean;
  /** What holds back cleaning, the oldest first. */
  readonly holders: readonly Holder[];
  readonly tables: readonly TableHealth[];
  readonly wraparound: Wraparound;
  /** What needs a hand; empty where nothing does. */
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
  /** Of its transaction; null of a slot. */
  readonly seconds: number | null;
  /** Transactions that began since. */
  readonly xminAge: number | null;
}

export interface TableHealth {
  readonly table: string;
  readonly liveRows: number;
  readonly deadRows: number;
  /** Dead rows from which autovacuum cleans. */
  readonly cleanedFrom: number;
  readonly bytes: number;
  readonly lastVacuum: string | null;
  readonly secondsSinceVacuum: number | null;
  /** Transactions since its rows were last frozen. */
  readonly xidAge: number;
}

export interface Wraparound {
  /** Transactions since the oldest row of the database that is not frozen. */
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
