import { existsSync, statSync } from "node:fs";
import { PIPELINES, type Pipeline } from "../../environments/schema/pipelines";
import { expectedAt } from "../../runtime/expected";
import { filesBelow, type Rounds, teamDatasets } from "./files";

/** Inputs that the user names. */
export interface Inputs {
  /** A round for each folder with files of the pipeline; none where no folder has any. */
  readonly rounds: Readonly<Record<Pipeline, Rounds>>;
  /** Paths below their folders of files that no dataset takes. */
  readonly untaken: readonly string[];
}

/**
 * Finds the files of all folders.
 *
 * @throws Error where one has no file that a dataset takes
 */
export function inputsOf(folders: readonly string[]): Inputs {
  const all = folders.map((folder) => {
    if (!existsSync(folder) || !statSync(folder).isDirectory()) {
      throw new Error(expectedAt("--input", "a folder", folder));
    }
    const files = filesBelow(folder);
    if (PIPELINES.every((pipeline) => files.taken[pipeline].length === 0)) {
      throw new Error(expectedAt("--input", `a folder with files of datasets (${wayOut()})`, folder));
    }
    return files;
  });
  const roundsOf = (pipeline: Pipeline) =>
    all.map(({ taken }) => taken[pipeline]).filter(({ length }) => length > 0);
  return {
    rounds: { uploads: roundsOf("uploads"), manifests: roundsOf("manifests"), ledger: roundsOf("ledger") },
    untaken: all.flatMap(({ untaken }) => untaken),
  };
}

/** Says where a file has to stand for a dataset to take it. */
export function wayOut(): string {
  const names = teamDatasets().map(({ name }) => name);
  return `put each below a folder named as its dataset: ${names.join(", ")}`;
}
