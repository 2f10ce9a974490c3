import {
  type Dataset,
  declaredDatasets,
  declaredTextDatasets,
  type TextDataset,
} from "../constructs/catalog/dataset";
import { type Environment, hasPipeline } from "../environments/schema";

/** Datasets of typed columns that a pipeline of the environment works on: JSON by the ledger, others by uploads. */
export function typedDatasetsOf(environment: Environment): Dataset[] {
  return declaredDatasets().filter(({ format }) =>
    hasPipeline(environment, format.kind === "json" ? "ledger" : "uploads"),
  );
}

/** Text datasets, where the environment has the manifests pipeline, which works on them. */
export function textDatasetsOf(environment: Environment): TextDataset[] {
  return hasPipeline(environment, "manifests") ? declaredTextDatasets() : [];
}
