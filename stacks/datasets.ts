import { type Dataset, type DatedDataset, datasetsOf, datedDatasets } from "../datasets/schema/datasets";
import { type Environment, hasPipeline } from "../environments/schema";

/** Datasets of an environment whose tables have the declared columns and partitions alone. */
export function plainDatasetsOf(environment: Environment): Dataset[] {
  const pipelines = (["uploads", "ledger"] as const).filter((each) => hasPipeline(environment, each));
  return pipelines.flatMap(datasetsOf).sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Datasets of the uploads pipeline whose tables get a column for an undeclared field, where the environment has it. */
export function growingUploads(environment: Environment): Dataset[] {
  if (!hasPipeline(environment, "uploads")) return [];
  return datasetsOf("uploads").filter(({ undeclared }) => undeclared === "keep");
}

/** Datasets of the manifests pipeline, where the environment has it. */
export function datedDatasetsOf(environment: Environment): DatedDataset[] {
  return hasPipeline(environment, "manifests") ? datedDatasets() : [];
}
