import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Environment, loadEnvironment } from "../environments/schema";
import { generateFiles } from "./inputs/generated-files";
import { generateRawJson } from "./inputs/generated-raw-json";
import { type InputOptions, type Inputs, inputsOf } from "./inputs/inputs";
import { ndjsonFiles, rawJsonFiles, refuseChanged, type Upload } from "./inputs/uploads";
import { type Accounts, accountForLedger, accountForManifests, accountForUploads } from "./outcome/accounts";
import { QUERIES, query } from "./outcome/athena";
import { checkReportFile, writeReportFile } from "./outcome/report-file";
import { reportOf, showHowToReach, showResults } from "./outcome/results";
import { type LedgerInput, runLedgerPipeline, uploadListed } from "./pipelines/ledger";
import { type ManifestsInput, runManifestsPipeline } from "./pipelines/manifests";
import type { PipelineContext, PipelineOutcome } from "./pipelines/pipeline";
import { runUploadsPipeline } from "./pipelines/uploads";
import { clientsOf } from "./platform/clients";
import { type Platform, type RisingPlatform, startPlatform } from "./platform/platform";
import { Interrupted } from "./process/child";
import { takeRunFolder } from "./run-folder";
import { Steps } from "./steps";
import { together } from "./together";

export interface RunOptions extends InputOptions {
  /** Folder of this run: logs, the results' copies. */
  readonly output: string;
  /** Folder with the sample files of the ledger pipeline. */
  readonly rawJsonSamples: string;
  readonly report?: string;
  readonly keep: boolean;
}

/** Context that the steps of one run share. */
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
  readonly manifests: ManifestsInput;
  readonly ledger: LedgerInput;
  /** Uploads that the ledger's workflow is to list. */
  readonly listed: readonly Upload[];
}

/** Takes the user's files, generates others where there are none for a pipeline, and uploads what is to be listed. */
async function prepare(run: Run, { aws, python, signal }: RisingPlatform, folder: string): Promise<Prepared> {
  const { environment, steps } = run;
  const ledger = run.ledger ?? (await generatedRawJson(run, join(folder, "json")));
  const manifests = run.manifests ?? (await generatedNdjson(run, python, join(folder, "ndjson"), signal));
  const clients = clientsOf(aws);
  const listed = await uploadListed({ clients, environment, signal, steps }, ledger);
  return { ledger, manifests, listed };
}

async function generatedRawJson({ steps, rawJsonSamples }: Run, folder: string): Promise<LedgerInput> {
  return steps.run("raw JSON files", async (report) => {
    const { historical, weekly, bytes } = generateRawJson(folder);
    report(`${historical.length + weekly.length} files, ${(bytes / 1e6).toFixed(1)} MB`);
    const samples = { folder: rawJsonSamples, files: rawJsonFiles(rawJsonSamples) };
    return { listed: [samples, { folder, files: historical }], announced: { folder, files: weekly } };
  });
}

async function generatedNdjson(
  { steps }: Run,
  python: string,
  folder: string,
  signal: AbortSignal,
): Promise<ManifestsInput> {
  return steps.run("NDJSON files", async (report) => {
    const { first, replaced, bytes } = await generateFiles(python, folder, signal);
    const files = ndjsonFiles(first);
    const [file = ""] = ndjsonFiles(replaced);
    report(`${files.length + 1} files, ${(bytes / 1e6).toFixed(1)} MB, 1 % of the lines broken`);
    return { folder: first, files, replaced: { folder: replaced, file } };
  });
}

async function processFiles(run: Run, platform: Platform, prepared: Prepared): Promise<boolean> {
  const { environment, steps, output } = run;
  const clients = clientsOf(platform.aws);
  const failure = new AbortController();
  const signal = AbortSignal.any([platform.signal, failure.signal]);
  const context: PipelineContext = { environment, platform, clients, steps, output, signal };
  const common = { environment, output, python: platform.python, signal, variables: platform.variables };
  const [uploads, manifests, ledger] = await together(
    failure,
    counted(steps, "CSV rows", runUploadsPipeline(context, run.uploads), (sent) =>
      accountForUploads({ ...common, uploads: sent, input: run.uploads.folder }),
    ),
    counted(steps, "NDJSON lines", runManifestsPipeline(context, prepared.manifests), (sent) =>
      accountForManifests({ ...common, uploads: sent }),
    ),
    counted(
      steps,
      "raw JSON records",
      runLedgerPipeline(context, prepared.listed, prepared.ledger.announced),
      (sent) => accountForLedger({ ...common, uploads: sent }),
    ),
  );
  const accounts = { uploads: uploads.accounts, manifests: manifests.accounts, ledger: ledger.accounts };
  const answers = await steps.run("queries through Athena", () =>
    Promise.all(QUERIES.map((sql) => query(clients.settings, environment, sql))),
  );
  platform.signal.throwIfAborted();
  const seconds = (performance.now() - run.began) / 1000;
  const runs = { uploads: uploads.runs, manifests: manifests.runs, ledger: ledger.runs };
  const report = reportOf(seconds, steps.finished, accounts, runs);
  showResults(report, accounts, answers, output);
  if (run.report !== undefined) writeReportFile(run.report, report);
  if (run.keep) await keepUp(run, platform);
  return Object.values(accounts).every(({ lost, duplicated }) => lost + duplicated === 0);
}

/** Waits for the end of a pipeline, and then accounts for its files while others are running. */
async function counted<Counts extends Accounts>(
  steps: Steps,
  what: string,
  work: Promise<PipelineOutcome>,
  account: (uploads: readonly Upload[]) => Promise<Counts>,
): Promise<{ readonly accounts: Counts; readonly runs: number }> {
  const { uploads, runs } = await work;
  const accounts = await steps.run(`accounts of ${what}`, () => account(uploads));
  refuseChanged(uploads);
  return { accounts, runs };
}

async function keepUp(run: Run, { aws, ledger, signal }: Platform): Promise<void> {
  showHowToReach(run.environment, { ...aws.environment, ...ledger.variables });
  if (!signal.aborted) await once(signal, "abort");
  if (!(signal.reason instanceof Interrupted)) throw signal.reason;
}
