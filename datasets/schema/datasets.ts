/** Datasets declared in datasets/, and those of smoke tests, which the platform declares itself. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Pipeline } from "../../environments/schema/pipelines";
import { expectedAt } from "../../runtime/expected";
import type { OutputColumn } from "./columns";
import type { Declaration } from "./declaration";
import { readDeclaration } from "./problems";
import { outputType } from "./types";

export type { OutputColumn } from "./columns";

/** Declared dataset; its output columns are those that it declares, or its columns where it has no transform. */
export interface Dataset extends Declaration {
  readonly outputColumns: OutputColumn[];
}

/** Dataset whose files have their date in the name. */
export type DatedDataset = Dataset & { readonly dates: NonNullable<Dataset["dates"]> };

const ROOT = join(__dirname, "..", "..");
const TEAM = join(ROOT, "datasets");
const PLATFORM = join(ROOT, "glue", "tributary", "datasets", "platform");

/**
 * Reads all declared datasets, by name.
 *
 * @throws Error with every problem of every declaration
 */
export function declaredDatasets(): Dataset[] {
  const ofTeam = declaredIn(TEAM);
  const ofPlatform = declaredIn(PLATFORM);
  for (const dataset of ofTeam) checkApart(dataset, ofPlatform);
  return [...ofTeam, ...ofPlatform].sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Datasets whose files come by a pipeline, by name. */
export function datasetsOf(pipeline: Pipeline): Dataset[] {
  return declaredDatasets().filter((each) => each.pipeline === pipeline);
}

/** Datasets of the manifests pipeline. */
export function datedDatasets(): DatedDataset[] {
  return datasetsOf("manifests").filter((each): each is DatedDataset => each.dates !== undefined);
}

/** Returns whether every field of the dataset's files is a column of its exact text. */
export function isText({ columns }: Pick<Declaration, "columns">): boolean {
  return columns === undefined;
}

/** Serializes the datasets of the manifests pipeline for functions (`runtime/manifests/text-datasets.ts`). */
export function datedDatasetsVariable(datasets: readonly DatedDataset[] = datedDatasets()): string {
  const entries = datasets.map(({ name, prefix, dates, size }) => ({
    name,
    prefix,
    from: dates.from,
    size:
      size === "any"
        ? null
        : { bytes: Math.round(size.megabytes * 1e6), tolerance: size.tolerancePercent / 100 },
  }));
  return JSON.stringify(entries);
}

/** Makes the dataset that a declaration says. */
export function datasetOf(declaration: Declaration): Dataset {
  const { columns = [], outputColumns } = declaration;
  return {
    ...declaration,
    outputColumns:
      outputColumns ?? columns.map(({ name, type, comment }) => ({ name, type: outputType(type), comment })),
  };
}

function declaredIn(folder: string): Dataset[] {
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, "dataset.json")))
    .map((name) => {
      const read = readDeclaration(JSON.parse(readFileSync(join(folder, name, "dataset.json"), "utf8")));
      if (read.problems) {
        throw new Error(read.problems.map(({ message }) => `${name}/dataset.json: ${message}`).join("\n"));
      }
      return datasetOf(read.declaration);
    });
}

/**
 * Checks that a team's dataset has neither name nor files in common with those of smoke tests, which expire in days, and
 * which alarms and figures leave out.
 *
 * @throws Error where it has
 */
export function checkApart(
  { name, prefix }: Pick<Dataset, "name" | "prefix">,
  platform: readonly Pick<Dataset, "name" | "prefix">[],
): void {
  const where = `datasets/${name}/dataset.json`;
  for (const other of platform) {
    if (name === other.name) {
      throw new Error(expectedAt(`${where}: name`, "one that no dataset of smoke tests has", name));
    }
    if (prefix.startsWith(other.prefix)) {
      const expected = `one outside of ${other.prefix}, whose files expire as those of smoke tests`;
      throw new Error(expectedAt(`${where}: prefix`, expected, prefix));
    }
  }
}
