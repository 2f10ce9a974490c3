import { existsSync, statSync } from "node:fs";
import type { CsvInput } from "./csv-pipeline";
import type { NdjsonInput } from "./manifest-pipeline";
import { csvFiles, ndjsonFiles } from "./uploads";

export interface InputOptions {
  /** Folder with the sample files of the CSV pipeline. */
  readonly samples: string;
  /** The user's folder: its CSV files take the samples' place, its NDJSON files that of the generated ones. */
  readonly input?: string;
}

/** What goes into the pipelines. */
export interface Inputs {
  readonly csv: CsvInput;
  /** Where the user gave none, files are generated. */
  readonly ndjson?: NdjsonInput;
}

/** The files of both pipelines. @throws Error where the user's folder has none for either. */
export function inputsOf({ samples, input }: InputOptions): Inputs {
  const ofSamples = { folder: samples, files: csvFiles(samples) };
  if (input === undefined) return { csv: ofSamples };
  if (!existsSync(input) || !statSync(input).isDirectory()) {
    throw new Error(`${input} is no folder; --input takes a folder with CSV or NDJSON files`);
  }
  const [csv, ndjson] = [csvFiles(input), ndjsonFiles(input)];
  if (csv.length + ndjson.length === 0) {
    throw new Error(
      `${input} holds no .csv, .csv.gz, .ndjson or .ndjson.gz file; put some there or leave --input out`,
    );
  }
  return {
    csv: csv.length > 0 ? { folder: input, files: csv } : ofSamples,
    ...(ndjson.length > 0 ? { ndjson: { folder: input, files: ndjson } } : {}),
  };
}
