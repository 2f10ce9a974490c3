import { type BucketName, bucketName, bucketsOf, type Environment } from "../../environments/schema";
import type { Pipeline } from "../../environments/schema/pipelines";
import type { Upload } from "../inputs/uploads";
import { askPythonModule } from "../process/python-module";

/** Counts over the files of a dataset, or of several; a file is a version of an object. */
export interface RowCounts {
  readonly files: number;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly deadLetters: number;
  /** Files that were quarantined whole. */
  readonly quarantined: number;
  readonly lost: number;
  readonly duplicated: number;
  /** Manifests that list files; of the manifests pipeline. */
  readonly manifests?: number;
  /** Of the ledger pipeline. */
  readonly batches?: number;
}

/** Counts of one version of a file. */
export interface FileAccounts {
  readonly rowsIn: number;
  /** @default - no row of the dataset says of which file it is */
  readonly rowsOut?: number;
  readonly deadLetters: number;
  readonly quarantined: number;
  readonly lost: number;
  readonly duplicated: number;
  /** Why it was quarantined whole. */
  readonly reason?: string;
}

/** A dead letter, its text cut where it is long. */
export interface ShownLetter {
  readonly key: string;
  readonly version: string;
  /** Number of its line, element or row, from 1. */
  readonly line: number;
  readonly message: string;
  readonly text: string;
  /** Length of the whole record. */
  readonly bytes: number;
}

/** Dead letters of one reason: their number, and the first ones. */
export interface ReasonLetters {
  readonly reason: string;
  readonly count: number;
  readonly first: readonly ShownLetter[];
}

/** Outcome of every row of a dataset, counted from the input files and the published objects themselves. */
export interface Accounts extends RowCounts {
  /** Each loss and duplicate in words. */
  readonly problems: readonly string[];
  /** Files that were quarantined whole, with the reason. */
  readonly wholeFiles: readonly string[];
  /** Column names, then the first rows of the output as text. */
  readonly firstRows: readonly (readonly string[])[];
  /** Names and addresses of the outputs. */
  readonly places: readonly (readonly [string, string])[];
  /** Most frequent reason first; without the lines of files that were quarantined whole. */
  readonly letters: readonly ReasonLetters[];
  /** By key and version, a space between them. */
  readonly byFile: Readonly<Record<string, FileAccounts>>;
}

/** Accounts by dataset. */
export type PipelineAccounts = Readonly<Record<string, Accounts>>;

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

/** Buckets that hold what came of a file. */
const BUCKETS: readonly BucketName[] = ["raw", "manifests", "curated", "quarantine"];

/**
 * Copies the outputs of a pipeline into the run's folder and compares them with the input, record by record, for each
 * dataset that got files.
 */
export function accountFor(pipeline: Pipeline, options: AccountOptions): Promise<PipelineAccounts> {
  const { environment, output, python, signal, variables } = options;
  const { firstYear, lastYear } = environment.ledger.batch;
  const own = BUCKETS.filter((name) => bucketsOf(environment).includes(name));
  const words = [
    ...["--output", output, "--first-year", String(firstYear), "--last-year", String(lastYear)],
    ...own.flatMap((name) => [`--${name}`, bucketName(environment, name)]),
  ];
  const uploads = options.uploads.map(({ dataset, bucket, key, version, path, awaited = false }) => ({
    dataset,
    bucket,
    key,
    version,
    path,
    awaited,
  }));
  return askPythonModule("local.accounting", [pipeline, ...words], {
    python,
    signal,
    environment: variables,
    input: JSON.stringify(uploads),
  });
}
