import { bucketName, type Environment } from "../../environments/schema";
import type { Upload } from "../inputs/uploads";
import { askPythonModule } from "../process/python-module";

export interface RowCounts {
  readonly files: number;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly deadLetters: number;
  readonly lost: number;
  readonly duplicated: number;
}

/** Outcome of every row, counted from the input files and the published objects themselves. */
export interface Accounts extends RowCounts {
  /** Each loss and duplicate in words. */
  readonly problems: readonly string[];
  /** Files that were quarantined whole, with the reason. */
  readonly wholeFiles: readonly string[];
  /** Column names, then the first rows of the output as text. */
  readonly firstRows: readonly (readonly string[])[];
  /** Names and addresses of the outputs. */
  readonly places: readonly (readonly [string, string])[];
}

/** Account of the manifests pipeline, whose files are versions of objects. */
export interface ManifestsAccounts extends Accounts {
  /** Manifests that list files. */
  readonly manifests: number;
  /** Versions that were quarantined whole. */
  readonly quarantined: number;
}

/** Account of the ledger pipeline, whose files are versions of objects, and went through it in batches. */
export interface LedgerAccounts extends Accounts {
  readonly batches: number;
  /** Versions that were quarantined whole. */
  readonly quarantined: number;
}

export interface AccountOptions {
  readonly environment: Environment;
  /** Uploads in their order. */
  readonly uploads: readonly Upload[];
  /** The run's folder, which gets copies of the outputs. */
  readonly output: string;
  readonly signal: AbortSignal;
  /** Interpreter of the project's virtual environment. */
  readonly python: string;
  /** Variables by which it reaches the platform. */
  readonly variables: NodeJS.ProcessEnv;
}

/** Copies the outputs of the uploads pipeline into the run's folder and compares them with the input, row by row. */
export function accountForUploads(options: AccountOptions & { readonly input: string }): Promise<Accounts> {
  const files = options.uploads.map(({ file }) => file);
  return count(
    options,
    "uploads",
    ["--input", options.input, ...buckets(options, "curated", "quarantine")],
    files,
  );
}

/** Copies the outputs of the manifests pipeline into the run's folder and compares them with the input, line by line. */
export function accountForManifests(options: AccountOptions): Promise<ManifestsAccounts> {
  const uploads = options.uploads.map(({ bucket, key, version, path, awaited = false }) => ({
    bucket,
    key,
    version,
    path,
    awaited,
  }));
  return count(options, "manifests", buckets(options, "manifests", "curated", "quarantine"), uploads);
}

/** Copies the outputs of the ledger pipeline into the run's folder and compares them with the input, record by record. */
export function accountForLedger(options: AccountOptions): Promise<LedgerAccounts> {
  const { firstYear, lastYear } = options.environment.ledger.batch;
  const uploads = options.uploads.map(({ bucket, key, version, path }) => ({ bucket, key, version, path }));
  const years = ["--first-year", String(firstYear), "--last-year", String(lastYear)];
  return count(options, "ledger", [...buckets(options, "raw", "curated", "quarantine"), ...years], uploads);
}

function buckets(
  { environment }: AccountOptions,
  ...names: readonly ("raw" | "manifests" | "curated" | "quarantine")[]
): string[] {
  return names.flatMap((name) => [`--${name}`, bucketName(environment, name)]);
}

/** Asks one module of local/accounting, which reads `input` as JSON. */
function count<Result>(
  { output, python, signal, variables }: AccountOptions,
  module: "uploads" | "manifests" | "ledger",
  words: readonly string[],
  input: unknown,
): Promise<Result> {
  return askPythonModule(`local.accounting.${module}`, ["--output", output, ...words], {
    python,
    signal,
    environment: variables,
    input: JSON.stringify(input),
  });
}
