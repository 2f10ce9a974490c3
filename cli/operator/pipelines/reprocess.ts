import type { Pipeline } from "../../../environments/schema";
import type { YesOption } from "../command/applying";
import { explained, NothingMatched, UsageError, wordsOf } from "../command/errors";
import { EXIT, type ExitCode } from "../command/exit-codes";
import { checkOneGiven } from "../command/given";
import { checkOn } from "../command/needed";
import type { Operator } from "../command/operator";
import { ledgerAgain } from "../ledger/again";
import { manifestsAgain } from "../manifests/again";
import { uploadsAgain } from "../uploads/again";
import { type Again, showAgain } from "./again";
import type { RepeatedStatus } from "./choices";
import type { WantedFiles } from "./files";
import { find } from "./find";
import type { Meant } from "./meant";
import { namesIn } from "./named";
import { type Narrowed, wantedPipelines } from "./narrowed";

export interface ReprocessOptions extends YesOption, Narrowed {
  /** Files, manifests or batches, as `describe` takes them. */
  readonly files: readonly string[];
  readonly status?: RepeatedStatus;
  /** Leave alone what is not in quarantine. */
  readonly onlyQuarantined?: boolean;
  /** Include work with files that are gone, whose rows its outputs then lose. */
  readonly withoutGone?: boolean;
}

export interface HowAgain {
  /** Carry it out; else only plan. */
  readonly apply: boolean;
  readonly onlyQuarantined: boolean;
  readonly withoutGone: boolean;
}

/** What a pipeline does again. */
export interface PipelineAgain {
  /** Does a file again, by its newest version or the one that is meant; undefined where the pipeline does not know it. */
  file(operator: Operator, file: Meant, how: HowAgain): Promise<AsyncIterable<Again> | undefined>;
  /** Does all files of a status again. */
  ofStatus(operator: Operator, wanted: WantedFiles, how: HowAgain): AsyncIterable<Again>;
}

const AGAIN: Readonly<Record<Pipeline, PipelineAgain>> = {
  uploads: uploadsAgain,
  manifests: manifestsAgain,
  ledger: ledgerAgain,
};

/** @throws UsageError unless files are selected in one way */
export function checkSelection({ files, status, pipeline, dataset }: ReprocessOptions): void {
  checkOneGiven("one of files or --status", [{ files: files[0] }, { "--status": status }]);
  if (files.length > 0 && (pipeline ?? dataset) !== undefined) {
    throw new UsageError("--pipeline and --dataset narrow a --status, and no files that are named");
  }
}

/**
 * Sends work through its pipeline again; without `yes`, only reports it. Of several files, or pipelines, one that fails
 * is said to do so, and keeps no other from being done.
 */
export async function reprocess(operator: Operator, options: ReprocessOptions): Promise<ExitCode> {
  const { yes = false, onlyQuarantined = false, withoutGone = false, files } = options;
  const how = { apply: yes, onlyQuarantined, withoutGone };
  const parts =
    files.length > 0
      ? namesIn(files).map((text) => ({ name: text, done: named(operator, text, how) }))
      : ofStatus(operator, options, how);
  const failed: string[] = [];
  const [first, ...others] = parts;
  const done = others.length === 0 && first ? first.done : apart(operator, parts, failed);
  const code = await showAgain(operator, done, yes);
  return failed.length > 0 ? EXIT.failed : code;
}

/** What is done again for one file or in one pipeline. */
interface Part {
  readonly name: string;
  readonly done: AsyncIterable<Again>;
}

/** Yields what is done in all parts; of those that fail the names are noted. */
async function* apart(
  { environment, terminal, signal }: Operator,
  parts: readonly Part[],
  failed: string[],
): AsyncGenerator<Again> {
  for (const { name, done } of parts) {
    if (signal.aborted) return;
    try {
      yield* done;
    } catch (error) {
      failed.push(name);
      terminal.warn(`${name}: ${wordsOf(explained(error, environment))}`);
    }
  }
}

function ofStatus(operator: Operator, options: ReprocessOptions, how: HowAgain): Part[] {
  const { status = "failed", dataset } = options;
  return wantedPipelines(operator.environment, options).map((pipeline) => ({
    name: pipeline,
    done: AGAIN[pipeline].ofStatus(operator, { status, ...(dataset && { dataset }) }, how),
  }));
}

async function* named(operator: Operator, text: string, how: HowAgain): AsyncGenerator<Again> {
  const found = await find(operator, text);
  if (found.is === "file") {
    yield* await ofFile(operator, found.candidates, text, how);
    return;
  }
  checkOn(operator.environment, found.is === "manifest" ? "manifests" : "ledger");
  yield* found.is === "manifest"
    ? manifestsAgain.manifest(operator, found.manifest, how)
    : ledgerAgain.batch(operator, found.batch, how);
}

/** @throws NothingMatched when no pipeline knows it */
async function ofFile(
  operator: Operator,
  candidates: readonly Meant[],
  text: string,
  how: HowAgain,
): Promise<AsyncIterable<Again>> {
  for (const file of candidates) {
    const own = file.dataset ? [file.dataset.pipeline] : operator.environment.pipelines;
    for (const pipeline of own.filter((each) => operator.environment.pipelines.includes(each))) {
      const again = await AGAIN[pipeline].file(operator, file, how);
      if (again !== undefined) return again;
    }
  }
  throw new NothingMatched(`neither a pipeline's tables nor the raw bucket know ${text}`);
}
