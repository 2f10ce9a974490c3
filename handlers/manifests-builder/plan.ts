import type { Failure, Message } from "../../runtime/aws/queue-messages";
import { isCorrection } from "../../runtime/corrections";
import {
  baseName,
  datasetOf,
  dateOf,
  isProjected,
  type ManifestsDataset,
} from "../../runtime/manifests/datasets";
import { compareInputs } from "../../runtime/manifests/manifests";
import { LONGEST_KEY } from "../../runtime/manifests/tracking";
import { type AcceptedFile, compareAge, type Input } from "./input";
import { type Limits, pack } from "./pack";
import { readMessages } from "./read-messages";

/** Settings that a plan depends on, in addition to the messages and the time. */
export interface PlanSettings {
  /** Datasets in the order of `byLongestPrefix`. */
  readonly datasets: readonly ManifestsDataset[];
  readonly limits: Limits;
}

/** Files of one dataset and date, sorted, that are to become one manifest. */
export interface Proposal {
  readonly dataset: string;
  readonly date: string;
  readonly files: readonly AcceptedFile[];
}

export type QuarantineReason = "no-dataset" | "invalid-name" | "date-out-of-range" | "unexpected-size";

/** File that no manifest takes. */
export interface Quarantine {
  readonly file: Input;
  readonly dataset?: string;
  readonly date?: string;
  readonly reason: QuarantineReason;
  readonly message: string;
}

export interface Plan {
  readonly proposals: readonly Proposal[];
  /** Versions that a newer one of the same batch replaces. */
  readonly superseded: readonly AcceptedFile[];
  readonly quarantines: readonly Quarantine[];
  /** Messages that cannot be read. */
  readonly failures: readonly Failure[];
}

/** Plans the work for a batch of messages; the same for any order of them. */
export function plan(messages: readonly Message[], settings: PlanSettings, now: Date): Plan {
  const { inputs, failures } = readMessages(messages);
  const accepted: AcceptedFile[] = [];
  const quarantines: Quarantine[] = [];
  for (const input of inputs) {
    const verdict = judge(input, settings.datasets, now);
    if ("reason" in verdict) quarantines.push(verdict);
    else accepted.push(verdict);
  }
  const { newest, superseded } = splitVersions(accepted);
  return { proposals: propose(newest, settings.limits), superseded, quarantines, failures };
}

/** Accepts a file with its dataset and date, or rejects it with a reason. */
export function judge(
  file: Input,
  datasets: readonly ManifestsDataset[],
  now: Date,
): AcceptedFile | Quarantine {
  const dataset = datasetOf(datasets, file.key);
  const date = dateOf(file.key);
  const turnAway = (reason: QuarantineReason, message: string): Quarantine => ({
    file,
    reason,
    message,
    ...(dataset === undefined ? {} : { dataset: dataset.name }),
    ...(date === undefined ? {} : { date }),
  });
  if (dataset === undefined) return turnAway("no-dataset", "no text dataset is declared for this prefix");
  if (date === undefined) {
    return turnAway(
      "invalid-name",
      `${JSON.stringify(baseName(file.key))} does not begin with yyyy-mm-dd- and a real date`,
    );
  }
  if (Buffer.byteLength(file.key) > LONGEST_KEY) {
    return turnAway("invalid-name", `the key is longer than ${LONGEST_KEY} bytes`);
  }
  if (!isProjected(dataset, date, now)) {
    return turnAway("date-out-of-range", `${date} is not between ${dataset.from} and tomorrow (UTC)`);
  }
  const size = isCorrection(file.key) ? undefined : sizeProblem(dataset, file.size);
  if (size !== undefined) return turnAway("unexpected-size", size);
  return { ...file, dataset: dataset.name, date };
}

function sizeProblem({ size: expected }: ManifestsDataset, size: number): string | undefined {
  if (expected === null) return undefined;
  const margin = Math.round(expected.bytes * expected.tolerance);
  const least = expected.bytes - margin;
  const most = expected.bytes + margin;
  return least <= size && size <= most ? undefined : `${size} bytes are not between ${least} and ${most}`;
}

/** Keeps the newest of several versions of a key; the ids distinguish two of the same age. */
function splitVersions(files: readonly AcceptedFile[]): {
  newest: AcceptedFile[];
  superseded: AcceptedFile[];
} {
  const newest = new Map<string, AcceptedFile>();
  const superseded: AcceptedFile[] = [];
  for (const file of files) {
    const object = JSON.stringify([file.bucket, file.key]);
    const other = newest.get(object);
    const wins = other === undefined || (compareAge(file, other) || compareInputs(file, other)) > 0;
    if (wins) newest.set(object, file);
    const loser = wins ? other : file;
    if (loser !== undefined) superseded.push(loser);
  }
  return { newest: [...newest.values()], superseded };
}

function propose(files: readonly AcceptedFile[], limits: Limits): Proposal[] {
  const groups = new Map<string, AcceptedFile[]>();
  for (const file of files) {
    const name = `${file.dataset}/${file.date}`;
    const group = groups.get(name);
    if (group) group.push(file);
    else groups.set(name, [file]);
  }
  const names = [...groups.keys()].sort();
  return names.flatMap((name) =>
    pack(groups.get(name) ?? [], limits).map((packed) => ({
      dataset: packed[0]?.dataset ?? "",
      date: packed[0]?.date ?? "",
      files: packed,
    })),
  );
}
