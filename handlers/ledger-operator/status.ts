import type { ClientBase } from "pg";
import type {
  BatchState,
  DatasetCount,
  LastHour,
  LedgerFileStatus,
  LedgerStatus,
} from "../../runtime/ledger/operator-protocol";
import { type Ledger, rowOf, rowsOf } from "./ledger";
import {
  COUNT_BATCHES,
  COUNT_EXACTLY,
  COUNT_QUARANTINED,
  COUNT_QUEUE,
  COUNT_UNPUBLISHED,
  ESTIMATE_QUEUE,
  LAST_HOUR,
  NOW,
  OLDEST_CLAIMABLE,
  TAKE_OVERS,
} from "./statements";

/** Maximum size to which the queue is counted, which takes a tenth of a second; a longer one is estimated. */
const MAX_COUNTED = 1_000_000;

interface BatchCount {
  readonly dataset: string;
  readonly state: BatchState;
  readonly batches: number;
  readonly files: number;
  /** Number of files with rejected lines. */
  readonly partial: number;
  /** Number of files in batches that were given back and have not failed. */
  readonly untried: number;
  /** Number of finished batches whose raw files are not archived. */
  readonly unarchived: number;
}

interface Queued {
  readonly count: number;
  readonly isEstimate: boolean;
  /** Files by dataset; none where their number is an estimate. */
  readonly datasets: readonly DatasetCount[];
}

/**
 * Counts files by their status, and reports the progress. All figures are of one moment, unless estimated.
 *
 * @throws LedgerUnreachableError as `Ledger.read` does
 */
export function readStatus(ledger: Ledger, exact: boolean): Promise<LedgerStatus> {
  return ledger.read(
    async (client) => {
      await client.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
      const batches = await rowsOf<BatchCount>(client, COUNT_BATCHES);
      const { files, queued } = exact ? await exactly(client, batches) : await cheaply(client, batches);
      const { at } = await rowOf<{ at: string }>(client, NOW);
      const { seconds } = await rowOf<{ seconds: number | null }>(client, OLDEST_CLAIMABLE);
      const lastHour = await rowOf<Omit<LastHour, "takeOvers">>(client, LAST_HOUR);
      return {
        at,
        files,
        estimated: queued.isEstimate ? ["pending"] : [],
        queued: queued.datasets,
        batches: batches.map(({ dataset, state, batches: count, files: of, untried }) => ({
          dataset,
          state,
          batches: count,
          files: of,
          untried,
        })),
        unarchived: batches.reduce((sum, each) => sum + each.unarchived, 0),
        unpublishedCommits: await counted(client, COUNT_UNPUBLISHED),
        oldestClaimableSeconds: seconds,
        lastHour: { ...lastHour, takeOvers: await counted(client, TAKE_OVERS) },
      };
    },
    exact ? Number.POSITIVE_INFINITY : undefined,
  );
}

type FileCounts = Readonly<Record<LedgerFileStatus, number>>;

async function cheaply(client: ClientBase, batches: readonly BatchCount[]) {
  const queued = await countQueue(client);
  const finished = filesOf(batches, ["SUCCEEDED", "PARTIAL"]);
  const partial = batches.reduce((sum, each) => sum + (isFinished(each) ? each.partial : 0), 0);
  const quarantined = await counted(client, COUNT_QUARANTINED);
  const files = { ...open(batches, queued.count), succeeded: finished - partial, partial, quarantined };
  return { files, queued };
}

async function exactly(client: ClientBase, batches: readonly BatchCount[]) {
  const queued = await countQueue(client, null);
  const finished = await rowOf<Record<"succeeded" | "partial" | "quarantined", number>>(
    client,
    COUNT_EXACTLY,
  );
  return { files: { ...open(batches, queued.count), ...finished }, queued };
}

/** Files that are in the queue or in an unfinished batch. */
function open(
  batches: readonly BatchCount[],
  queued: number,
): Pick<FileCounts, "pending" | "processing" | "failed" | "committed"> {
  const untried = batches.reduce((sum, each) => sum + each.untried, 0);
  return {
    pending: queued + untried,
    processing: filesOf(batches, ["CLAIMED"]),
    failed: filesOf(batches, ["WAITING", "FAILED"]) - untried,
    committed: filesOf(batches, ["COMMITTED"]),
  };
}

function isFinished({ state }: BatchCount): boolean {
  return state === "SUCCEEDED" || state === "PARTIAL";
}

function filesOf(batches: readonly BatchCount[], states: readonly BatchState[]): number {
  return batches.filter(({ state }) => states.includes(state)).reduce((sum, { files }) => sum + files, 0);
}

async function counted(client: ClientBase, statement: string): Promise<number> {
  return (await rowOf<{ counted: number }>(client, statement)).counted;
}

/** Number of files in the queue, counted where that is quick, or where there is no maximum. */
export async function countQueue(client: ClientBase, maximum: number | null = MAX_COUNTED): Promise<Queued> {
  const datasets = await rowsOf<DatasetCount>(client, COUNT_QUEUE, [maximum]);
  const count = datasets.reduce((sum, { files }) => sum + files, 0);
  if (maximum === null || count < maximum) return { count, isEstimate: false, datasets };
  const { estimated } = await rowOf<{ estimated: number }>(client, ESTIMATE_QUEUE);
  return { count: Math.max(estimated, maximum), isEstimate: true, datasets: [] };
}
