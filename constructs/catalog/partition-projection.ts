/** Partitions that Athena computes from the table's properties: no crawler, and a new one is there with its first file. */

import type { Dataset } from "../../datasets/schema/datasets";
import { expectedAt } from "../../runtime/expected";

/** First and last year of the events that a table shows. */
export interface Years {
  readonly first: number;
  readonly last: number;
}

/**
 * Builds table properties that project every partition column: year, month and day as numbers, others by
 * their declared values. Partitions outside of the ranges are invisible, so the job that writes takes the
 * same ranges.
 *
 * @throws Error for a partition column without values
 */
export function partitionProjection(dataset: Dataset, years: Years): Record<string, string> {
  const properties = (dataset.partitions ?? []).map((name) => {
    const values = projected(dataset, name, years);
    return Object.entries(values).map(([key, value]) => [`projection.${name}.${key}`, value]);
  });
  return { "projection.enabled": "true", ...Object.fromEntries(properties.flat()) };
}

function projected(dataset: Dataset, name: string, years: Years): Record<string, string> {
  const values = dataset.partitionValues?.[name];
  if (values !== undefined) return { type: "enum", values: values.join(",") };
  switch (name) {
    case "year":
      return { type: "integer", range: `${years.first},${years.last}` };
    case "month":
      return { type: "integer", range: "1,12", digits: "2" };
    case "day":
      return { type: "integer", range: "1,31", digits: "2" };
    default:
      throw new Error(
        expectedAt(
          `${dataset.name}/dataset.json: partitionValues.${name}`,
          "a list of texts (of partitions only year, month and day do without)",
          undefined,
        ),
      );
  }
}
