import { existsSync, statSync } from "node:fs";
import { expectedAt } from "../../runtime/expected";
import type { LedgerInput } from "../pipelines/ledger";
import type { ManifestsInput } from "../pipelines/manifests";
import type { UploadsInput } from "../pipelines/uploads";
import { csvFiles, ndjsonFiles, rawJsonFiles } from "./uploads";

export interface InputOptions {
  /** Folder with the sample files of the uploads pipeline. */
  readonly samples: string;
  /** The user's folder: its files take the place of samples and generated ones, pipeline by pipeline. */
  readonly input?: string;
}

/** Inputs of the pipelines. */
export interface Inputs {
  readonly uploads: UploadsInput;
  /** NDJSON files; where the user gave none, they are generated. */
  readonly manifests?: ManifestsInput;
  /** Raw JSON files; where the user gave none, there are samples, and files are generated. */
  readonly ledger?: LedgerInput;
}

/**
 * Finds the files of all pipelines.
 *
 * @throws Error where the user's folder has none for any
 */
export function inputsOf({ samples, input }: InputOptions): Inputs {
  const ofSamples = { folder: samples, files: csvFiles(samples) };
  if (input === undefined) return { uploads: ofSamples };
  if (!existsSync(input) || !statSync(input).isDirectory()) {
    throw new Error(expectedAt("--input", "a folder", input));
  }
  const [csv, ndjson, rawJson] = [csvFiles(input), ndjsonFiles(input), rawJsonFiles(input)];
  if (csv.length + ndjson.length + rawJson.length === 0) {
    const wanted = "a folder with .csv, .ndjson or .json files, compressed by gzip or not";
    throw new Error(expectedAt("--input", wanted, input));
  }
  return {
    uploads: csv.length > 0 ? { folder: input, files: csv } : ofSamples,
    ...(ndjson.length > 0 ? { manifests: { folder: input, files: ndjson } } : {}),
    ...(rawJson.length > 0 ? { ledger: { listed: [{ folder: input, files: rawJson }] } } : {}),
  };
}
