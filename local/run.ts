import { once } from "node:events";
import { rmSync } from "node:fs";
import { join, relative } from "node:path";
import { type Environment, loadEnvironment } from "../environments/schema";
import { PIPELINES, type Pipeline } from "../environments/schema/pipelines";
import { printError } from "../setup/terminal";
import type { Rounds } from "./inputs/files";
import { type Inputs, inputsOf } from "./inputs/inputs";
import { type SampleFolders, samplesOf } from "./inputs/samples";
import { refuseChanged, type Upload } from "./inputs/uploads";
import { accountFor } from "./outcome/accounts";
import { type FailedQuery, type QueryResult, queriesOf, tryQuery } from "./outcome/athena";
import { pageOf } from "./outcome/report/page";
import { summaryOf } from "./outcome/report/summary";
import { checkReportFile, PAGE, writeInOneStep, writeReportFile } from "./outcome/report-file";
import {
  accountsOf,
  type PipelineResult,
  type Results,
  reportOf,
  showHowToReach,
  showResults,
  showUntaken,
} from "./outcome/results";
import { runLedgerPipeline, uploadListed } from "./pipelines/ledger";
import { runManifestsPipeline } from "./pipelines/manifests";
import type { PipelineContext, PipelineOutcome } from "./pipelines/pipeline";
import { runUploadsPipeline } from "./pipelines/uploads";
import { clientsOf } from "./platform/clients";
import { type Platform, type RisingPlatform, startPlatform } from "./platform/platform";
import { Interrupted } from "./process/child";
import { takeRunFolder } from "./run-folder";
import { Steps } from "./steps";
import { together } from "./together";

export interface RunOptions {
  /** The user's folders, one after another; the samples take the place of what they lack, pipeline by pipeline. */
  readonly input: readonly string[];
  /** Folders with samples. */
  readonly samples: SampleFolders;
  /** Queries to answer at the end. @default - those of the samples */
  readonly queries?: readonly string[];
  /** Folder of this run: logs, the results' copies. */
  readonly output: string;
  readonly report?: string;
  readonly keep: boolean;
  /** Words of the command line. */
  readonly words: readonly string[];
}

/** Context that the steps of one run share. */
interface Run extends RunOptions {
  readonly inputs: Inputs;
  readonly environment: Environment;
  readonly steps: Steps;
  readonly signal: AbortSignal;
  readonly began: number;
  readonly found: Found;
}

/** What is known so far of what came of the files. */
interface Found {
  readonly results: Partial<Record<Pipeline, PipelineResult>>;
  answers: readonly (QueryResult | FailedQuery)[];
}

/**
 * Runs the platform from nothing to the accounts of every row; true when no row is lost or duplicated.
 *
 * @throws Error with a message for the user when a step fails.
 */
export async function runPlatform(options: RunOptions, signal: AbortSignal): Promise<boolean> {
  const run: Run = {
    ...options,
    inputs: inputsOf(options.input),
    environment: loadEnvironment("local"),
    steps: new Steps(signal),
    signal,
    began: performance.now(),
    found: { results: {}, answers: [] },
  };
  if (run.report !== undefined) checkReportFile(run.report);
  const release = takeRunFolder(run.output);
  showUntaken(run.inputs.untaken);
  try {
    return await runIn(run);
  } catch (error) {
    leaveFailed(run, error as Error);
    throw error;
  } finally {
    release();
  }
}

/** Leaves the page about a run that did not come to its end; what ended it is told all the same. */
function leaveFailed(run: Run, failure: Error): void {
  try {
    leavePage(run, secondsOf(run), failure);
    printError(`\nwhat the run did until then: ${relative(process.cwd(), join(run.output, PAGE))}`);
  } catch (error) {
    printError(`\nthere is no page about the run: ${(error as Error).message}`);
  }
}

/** Writes the page about the run into its folder. */
function leavePage(run: Run, seconds: number, failure?: Error): void {
  const ended = failure === undefined ? {} : endOf(run, failure);
  const summary = summaryOf({
    ...run,
    ...run.found,
    ...ended,
    began: new Date(performance.timeOrigin + run.began),
    seconds,
    steps: run.steps.finished,
    untaken: run.inputs.untaken,
  });
  writeInOneStep(join(run.output, PAGE), pageOf(summary));
}

function endOf({ signal }: Run, { message }: Error) {
  return signal.aborted ? { interruption: message } : { failure: message };
}

/** Seconds since the start. */
function secondsOf({ began }: Run): number {
  return (performance.now() - began) / 1000;
}

async function runIn(run: Run): Promise<boolean> {
  const folder = join(run.output, "generated");
  const prepared: Partial<Prepared> = {};
  const platform = await startPlatform({
    ...run,
    meanwhile: async (rising) => void Object.assign(prepared, await prepare(run, rising, folder)),
  });
  try {
    return await processFiles(run, platform, prepared as Prepared);
  } catch (error) {
    // What a step says of an emulator that is gone hides that it is gone.
    throw platform.signal.aborted ? platform.signal.reason : error;
  } finally {
    await platform.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Result of the preparation, before all stacks exist. */
interface Prepared {
  readonly rounds: Readonly<Record<Pipeline, Rounds>>;
  /** Uploads that the ledger's workflow is to list. */
  readonly listed: readonly Upload[];
}

/** Takes the user's files, samples where there are none for a pipeline, and uploads what is to be listed. */
async function prepare(run: Run, { aws, python, signal }: RisingPlatform, folder: string): Promise<Prepared> {
  const { environment, steps, inputs, samples } = run;
  const context = { steps, python, signal, folder };
  const rounds = { ...inputs.rounds };
  for (const pipeline of PIPELINES) {
    if (rounds[pipeline].length === 0) rounds[pipeline] = await samplesOf(pipeline, samples, context);
  }
  const [first] = rounds.ledger;
  const clients = clientsOf(aws);
  const listed = first ? await uploadListed({ clients, environment, signal, steps }, first) : [];
  return { rounds, listed };
}

async function processFiles(run: Run, platform: Platform, { rounds, listed }: Prepared): Promise<boolean> {
  const { environment, steps, output, found } = run;
  const clients = clientsOf(platform.aws);
  const failure = new AbortController();
  const signal = AbortSignal.any([platform.signal, failure.signal]);
  const context: PipelineContext = { environment, platform, clients, steps, output, signal };
  const work: Readonly<Record<Pipeline, () => Promise<PipelineOutcome>>> = {
    uploads: () => runUploadsPipeline(context, rounds.uploads),
    manifests: () => runManifestsPipeline(context, rounds.manifests),
    ledger: () => runLedgerPipeline(context, listed, rounds.ledger.slice(1)),
  };
  const busy = PIPELINES.filter((pipeline) => rounds[pipeline].length > 0);
  const counts = await together(
    failure,
    ...busy.map(async (pipeline) => {
      const result = await counted(context, pipeline, work[pipeline]());
      found.results[pipeline] = result;
      return [pipeline, result] as const;
    }),
  );
  const results: Results = Object.fromEntries(counts);
  const queries = run.queries ?? queriesOf(accountsOf(results).map(([name]) => name));
  found.answers = await steps.run("queries through Athena", () =>
    Promise.all(queries.map((sql) => tryQuery(clients.settings, environment, sql))),
  );
  platform.signal.throwIfAborted();
  const report = reportOf(secondsOf(run), steps.finished, results);
  showUntaken(run.inputs.untaken);
  leavePage(run, report.seconds);
  showResults(report, results, found.answers, output);
  if (run.report !== undefined) writeReportFile(run.report, report);
  if (run.keep) await keepUp(run, platform);
  const isWhole = accountsOf(results).every(([, { lost, duplicated }]) => lost + duplicated === 0);
  return isWhole && found.answers.every((answer) => "rows" in answer);
}

/** Waits for the end of a pipeline, and then accounts for its files while others are running. */
async function counted(
  { environment, steps, output, signal, platform: { python, variables } }: PipelineContext,
  pipeline: Pipeline,
  work: Promise<PipelineOutcome>,
): Promise<PipelineResult> {
  const { uploads, runs } = await work;
  const accounts = await steps.run(`accounts of ${pipeline}`, () =>
    accountFor(pipeline, { environment, uploads, output, signal, python, variables }),
  );
  refuseChanged(uploads);
  return { accounts, uploads, runs };
}

async function keepUp(run: Run, { aws, ledger, signal }: Platform): Promise<void> {
  showHowToReach(run.environment, { ...aws.environment, ...ledger.variables });
  if (!signal.aborted) await once(signal, "abort");
  if (!(signal.reason instanceof Interrupted)) throw signal.reason;
}
