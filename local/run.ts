import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Environment, loadEnvironment } from "../environments";
import { type Accounts, accountForManifests, accountForUploads, type ManifestAccounts } from "./accounts";
import { QUERIES, query } from "./athena";
import { Interrupted } from "./child";
import { clientsOf } from "./clients";
import { runCsvPipeline } from "./csv-pipeline";
import { generateFiles } from "./generated-files";
import { type InputOptions, type Inputs, inputsOf } from "./inputs";
import { type NdjsonInput, runManifestPipeline } from "./manifest-pipeline";
import type { PipelineContext, PipelineOutcome } from "./pipeline";
import { type Platform, startPlatform } from "./platform";
import { checkReportFile, writeReportFile } from "./report-file";
import { reportOf, showHowToReach, showResults } from "./results";
import { takeRunFolder } from "./run-folder";
import { Steps } from "./steps";
import { ndjsonFiles, refuseChanged } from "./uploads";

export interface RunOptions extends InputOptions {
  /** Folder of this run: logs, the results' copies. */
  readonly output: string;
  readonly report?: string;
  readonly keep: boolean;
}

/** What the steps of one run share. */
interface Run extends RunOptions, Inputs {
  readonly environment: Environment;
  readonly steps: Steps;
  readonly signal: AbortSignal;
  readonly began: number;
}

/**
 * Runs the platform from nothing to the accounts of every row; true when no row is lost or duplicated.
 *
 * @throws Error with a message for the user when a step fails.
 */
export async function runPlatform(options: RunOptions, signal: AbortSignal): Promise<boolean> {
  const run: Run = {
    ...options,
    ...inputsOf(options),
    environment: loadEnvironment("local"),
    steps: new Steps(signal),
    signal,
    began: performance.now(),
  };
  if (run.report !== undefined) checkReportFile(run.report);
  const release = takeRunFolder(run.output);
  try {
    return await runIn(run);
  } finally {
    release();
  }
}

async function runIn(run: Run): Promise<boolean> {
  const platform = await startPlatform(run);
  const generated = join(run.output, "generated");
  try {
    return await processFiles(run, platform, run.ndjson ?? (await generatedInput(run, platform, generated)));
  } catch (error) {
    // What a step says of an emulator that is gone hides that it is gone.
    throw platform.signal.aborted ? platform.signal.reason : error;
  } finally {
    await platform.stop();
    rmSync(generated, { recursive: true, force: true });
  }
}

async function generatedInput(run: Run, platform: Platform, folder: string): Promise<NdjsonInput> {
  return run.steps.run("NDJSON files", async (report) => {
    const { first, replaced, bytes } = await generateFiles(platform.python, folder, platform.signal);
    const files = ndjsonFiles(first);
    const [file = ""] = ndjsonFiles(replaced);
    report(`${files.length + 1} files, ${(bytes / 1e6).toFixed(1)} MB, 1 % of the lines broken`);
    return { folder: first, files, replaced: { folder: replaced, file } };
  });
}

async function processFiles(run: Run, platform: Platform, ndjson: NdjsonInput): Promise<boolean> {
  const { environment, steps, output } = run;
  const clients = clientsOf(platform.aws);
  const failure = new AbortController();
  const signal = AbortSignal.any([platform.signal, failure.signal]);
  const context: PipelineContext = { environment, platform, clients, steps, output, signal };
  const [csv, manifest] = await bothOf(
    [runCsvPipeline(context, run.csv), runManifestPipeline(context, ndjson)],
    failure,
  );
  const accounts = await steps.run("accounts of every row", () => accountsOf(run, platform, csv, manifest));
  const answers = await steps.run("queries through Athena", () =>
    Promise.all(QUERIES.map((sql) => query(clients.settings, environment, sql))),
  );
  platform.signal.throwIfAborted();
  const seconds = (performance.now() - run.began) / 1000;
  const report = reportOf(seconds, steps.finished, accounts, { csv: csv.runs, manifest: manifest.runs });
  showResults(report, accounts, answers, output);
  if (run.report !== undefined) writeReportFile(run.report, report);
  if (run.keep) await keepUp(run, platform);
  return Object.values(accounts).every(({ lost, duplicated }) => lost + duplicated === 0);
}

/** Waits for both; where one fails the other is given up, and the first failure is thrown. */
async function bothOf(
  work: readonly [Promise<PipelineOutcome>, Promise<PipelineOutcome>],
  failure: AbortController,
): Promise<[PipelineOutcome, PipelineOutcome]> {
  try {
    return await Promise.all(work);
  } catch (error) {
    failure.abort(error);
    await Promise.allSettled(work);
    throw error;
  }
}

async function accountsOf(
  { environment, output, csv: { folder } }: Run,
  { python, signal, variables }: Platform,
  csv: PipelineOutcome,
  manifest: PipelineOutcome,
): Promise<{ csv: Accounts; manifest: ManifestAccounts }> {
  const common = { environment, output, python, signal, variables };
  const [ofCsv, ofManifest] = await Promise.all([
    accountForUploads({ ...common, input: folder, uploads: csv.uploads }),
    accountForManifests({ ...common, uploads: manifest.uploads }),
  ]);
  refuseChanged([...csv.uploads, ...manifest.uploads]);
  return { csv: ofCsv, manifest: ofManifest };
}

async function keepUp(run: Run, { aws, signal }: Platform): Promise<void> {
  showHowToReach(run.environment, aws.environment);
  if (!signal.aborted) await once(signal, "abort");
  if (!(signal.reason instanceof Interrupted)) throw signal.reason;
}
