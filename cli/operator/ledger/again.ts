import {
  type DescribedBatch,
  type FilesPlace,
  type LedgerFile,
  type LedgerFileStatus,
  MAX_NAMES,
  MAX_ON_A_PAGE,
} from "../../../runtime/ledger/operator-protocol";
import { NothingMatched } from "../command/errors";
import type { Operator } from "../command/operator";
import { inGroups } from "../command/together";
import { hasReplayedOfBatch } from "../letters/books";
import { type Again, left, type Planned, REPLAYED } from "../pipelines/again";
import type { WantedFiles } from "../pipelines/files";
import type { HowAgain, PipelineAgain } from "../pipelines/reprocess";
import { ask } from "./ask";
import { mayHaveExpired, replayBatch, warnOfArchive } from "./replay";

interface LedgerAgain extends PipelineAgain {
  /** Does a batch again: one that failed is given back, a published one replayed. */
  batch(operator: Operator, id: number, how: HowAgain): AsyncIterable<Again>;
}

/** Request that does a file again. */
type Request =
  | { readonly command: "retry" | "retry-quarantined"; readonly name: string }
  | { readonly command: "release"; readonly batch: number }
  | Replay;

interface Replay {
  readonly command: "replay";
  readonly batch: number;
  readonly committedAt: string;
}

/** Does files of the ledger again, by what became of them; with a file of a published batch that whole batch. */
export const ledgerAgain: LedgerAgain = {
  async file(operator, { key, version }, how) {
    const { files } = await ask(operator, "find", { names: [key] });
    const meant = files.filter((file) => version === undefined || file.version === version);
    const [newest] = meant.toSorted((one, other) => other.id - one.id);
    return newest && carriedOut(operator, planOf(operator, newest, how), how);
  },
  ofStatus: (operator, wanted, how) => carriedOut(operator, plansOf(operator, wanted, how), how),
  async *batch(operator, id, how) {
    const batch = await ask(operator, "batch", { batch: id });
    if (batch === null) throw new NothingMatched(`there is no batch ${id}`);
    yield* carriedOut(operator, planOfBatch(operator, batch, how), how);
  },
};

const RETRIED = "given back: the next run of the batch job claims it, with all its attempts";

const LEFT: Readonly<Partial<Record<LedgerFileStatus, string>>> = {
  processing: "a run is at work on it; tributary ledger release takes its batch away",
  committed: "its batch is committed and about to be published",
};

async function* planOfBatch(
  operator: Operator,
  batch: DescribedBatch,
  how: HowAgain,
): AsyncGenerator<Planned<Request>> {
  const { id, state } = batch;
  const what = `batch ${id}`;
  if (how.onlyQuarantined) yield left("ledger", what, "a batch is not in quarantine: name its files");
  else if (state === "WAITING" || state === "FAILED") {
    const again = { pipeline: "ledger" as const, what, how: RETRIED, why: state };
    yield { again, work: { command: "release", batch: id } };
  } else yield await replayOf(operator, batch, what, state, how);
}

async function* planOf(
  operator: Operator,
  file: LedgerFile,
  how: HowAgain,
): AsyncGenerator<Planned<Request>> {
  const { id, status, batch, error } = file;
  const what = `${file.key} version ${file.version}`;
  const why = error ?? status;
  const again = { pipeline: "ledger" as const, what, why };
  if (how.onlyQuarantined && status !== "quarantined") {
    yield left("ledger", what, `it is ${status}, not in quarantine`);
  } else if (status === "quarantined") {
    const put = "put back into the queue, for a new batch";
    yield { again: { ...again, how: put }, work: { command: "retry-quarantined", name: String(id) } };
  } else if (status === "pending" && batch === null) {
    yield left("ledger", what, "it is in the queue: the next run claims it");
  } else if (status === "failed" || status === "pending") {
    yield {
      again: { ...again, how: `batch ${batch} ${RETRIED}` },
      work: { command: "retry", name: String(id) },
    };
  } else if (LEFT[status] !== undefined || batch === null) {
    yield left("ledger", what, LEFT[status] ?? status);
  } else {
    const whole = await ask(operator, "batch", { batch });
    if (whole !== null) yield await replayOf(operator, whole, what, why, how);
  }
}

/** Files of a status, each batch once: its files are done again together. */
async function* plansOf(
  operator: Operator,
  wanted: WantedFiles,
  how: HowAgain,
): AsyncGenerator<Planned<Request>> {
  const batches = new Set<number | null>();
  let after: FilesPlace | undefined;
  const status = wanted.status === "quarantined" ? "quarantined" : "failed";
  do {
    const page = await ask(operator, "files", { status, limit: MAX_ON_A_PAGE, ...(after && { after }) });
    for (const file of page.files) {
      if (wanted.dataset !== undefined && file.dataset !== wanted.dataset) continue;
      if (status === "failed" && batches.has(file.batch)) continue;
      batches.add(file.batch);
      yield* planOf(operator, file, how);
    }
    after = page.next;
  } while (after !== undefined);
}

async function replayOf(
  operator: Operator,
  { id, files, createdAt, committedAt, archivedAt }: DescribedBatch,
  what: string,
  why: string,
  { withoutGone }: HowAgain,
): Promise<Planned<Request>> {
  if (committedAt === null) {
    return left("ledger", what, "a run is at work on it; tributary ledger release takes it away");
  }
  if (archivedAt === null) {
    return left("ledger", what, "it is not archived yet: repeat after the next run of the batch job");
  }
  if (await hasReplayedOfBatch(operator, id)) return left("ledger", what, REPLAYED);
  const claimedAt = Date.parse(createdAt);
  if (!withoutGone && mayHaveExpired(operator, claimedAt)) {
    return left(
      "ledger",
      what,
      "its processed files may have expired, whose rows would go; --without-gone does it",
    );
  }
  warnOfArchive(operator, claimedAt);
  return {
    again: { pipeline: "ledger", what, how: `batch ${id} is replayed, with its ${files} files`, why },
    work: { command: "replay", batch: id, committedAt },
  };
}

async function* carriedOut(
  operator: Operator,
  plans: AsyncIterable<Planned<Request>>,
  { apply }: HowAgain,
): AsyncGenerator<Again> {
  for await (const group of inGroups(plans, MAX_NAMES)) {
    const refused = apply ? await requested(operator, group) : new Map<string, string>();
    for (const { again } of group) {
      const why = refused.get(again.what);
      yield why === undefined ? again : left(again.pipeline, again.what, why).again;
    }
  }
}

/** Sends requests, and gives the reasons of those that were refused. */
async function requested(
  operator: Operator,
  group: readonly Planned<Request>[],
): Promise<ReadonlyMap<string, string>> {
  const refused = new Map<string, string>();
  for (const command of ["retry", "retry-quarantined"] as const) {
    const names = group.flatMap(({ work }) => (work?.command === command ? [work.name] : []));
    if (names.length === 0) continue;
    const answer = await ask(operator, command, { names });
    for (const { what, why } of answer.refused) refused.set(what, why);
  }
  for (const { again, work } of group) {
    if (work?.command === "release") {
      const answer = await ask(operator, "release", { batch: work.batch });
      for (const { what, why } of answer.refused) refused.set(what, why);
    } else if (work?.command === "replay" && !(await replayBatch(operator, work.batch, work.committedAt))) {
      refused.set(again.what, "it changed meanwhile: repeat");
    }
  }
  return refused;
}
