/** Datasets declared in datasets/, and those of smoke tests, which the platform declares itself. */
import type { Pipeline } from "../../environments/schema/pipelines";
import { checkFolders, DatasetsError, declaredFolders } from "./check";
import type { Dataset, DatedDataset } from "./dataset";
import type { Declaration } from "./declaration";

export type { Dataset, DatedDataset, OutputColumn } from "./dataset";

let declared: readonly Dataset[] | undefined;

/**
 * Reads all declared datasets, by name; once, for a synthesis asks for them at every place that names them.
 *
 * @throws DatasetsError with every problem of every declaration
 */
export function declaredDatasets(): readonly Dataset[] {
  if (declared !== undefined) return declared;
  const { datasets, findings } = checkFolders(declaredFolders());
  if (findings.length > 0) throw new DatasetsError(findings);
  declared = datasets;
  return declared;
}

/**
 * Reads the dataset that a folder declares.
 *
 * @throws DatasetsError with every problem of its declaration
 */
export function readDataset(folder: string): Dataset {
  const { datasets, findings } = checkFolders([folder]);
  const [dataset] = datasets;
  if (dataset === undefined || findings.length > 0) throw new DatasetsError(findings);
  return dataset;
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

/** What functions know of the datasets of the manifests pipeline (`runtime/manifests/datasets.ts`). */
export function datedDatasetsOfFunctions(datasets: readonly DatedDataset[] = datedDatasets()) {
  return datasets.map(({ name, prefix, dates, size }) => ({
    name,
    prefix,
    from: dates.from,
    size:
      size === "any"
        ? null
        : { bytes: Math.round(size.megabytes * 1e6), tolerance: size.tolerancePercent / 100 },
  }));
}

/** Prefixes of datasets without those that lie within another, as S3's notifications take them. */
export function outermostPrefixes(datasets: readonly Pick<Dataset, "prefix">[]): string[] {
  const all = datasets.map(({ prefix }) => prefix);
  return all.filter((prefix) => !all.some((other) => other !== prefix && prefix.startsWith(other)));
}
