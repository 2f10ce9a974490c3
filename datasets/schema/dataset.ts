import type { OutputColumn } from "./columns";
import type { Declaration } from "./declaration";
import { outputType } from "./types";

export type { OutputColumn } from "./columns";

/** Declared dataset, whose output columns are known whether it has a transform or not. */
export interface Dataset extends Declaration {
  readonly outputColumns: OutputColumn[];
  /** SHA-256 of its files in hexadecimal, as Parquet files carry it in `dataset_version`. */
  readonly version: string;
}

/** Dataset whose files have their date in the name. */
export type DatedDataset = Dataset & { readonly dates: NonNullable<Dataset["dates"]> };

/** Makes the dataset that a declaration says. */
export function datasetOf(declaration: Declaration, version: string): Dataset {
  return { ...declaration, outputColumns: outputColumnsOf(declaration), version };
}

/** Output columns that a declaration says; without a transform these are its columns. */
export function outputColumnsOf({
  columns = [],
  outputColumns,
}: Pick<Declaration, "columns" | "outputColumns">): OutputColumn[] {
  return (
    outputColumns ?? columns.map(({ name, type, comment }) => ({ name, type: outputType(type), comment }))
  );
}
