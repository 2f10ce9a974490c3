import { type Dataset, declaredDatasets } from "../../../datasets/schema/datasets";
import { bucketName } from "../../../environments/schema";
import { expectedAt } from "../../../runtime/expected";
import { CommandError } from "../../../setup/errors";
import type { Operator } from "../command/operator";

/** Key that an operator may have meant, and the dataset that takes it. */
export interface Meant {
  readonly key: string;
  readonly dataset?: Dataset;
}

let known: readonly Dataset[] | undefined;

/** All declared datasets, read once in a command. */
export function knownDatasets(): readonly Dataset[] {
  known ??= declaredDatasets();
  return known;
}

/**
 * Keys of the raw bucket that a name may mean: a key, `s3://<raw bucket>/<key>`, or the last part of one directly
 * below a dataset's prefix.
 *
 * @throws CommandError for an address in another bucket
 */
export function meantBy({ environment }: Pick<Operator, "environment">, name: string): Meant[] {
  const raw = bucketName(environment, "raw");
  const [, bucket, key = name] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(name) ?? [];
  if (bucket !== undefined && bucket !== raw) {
    throw new CommandError(expectedAt("FILE", `an object of the raw bucket ${raw}`, name));
  }
  const datasets = knownDatasets();
  if (bucket === undefined && !name.includes("/")) {
    return datasets.map((dataset) => ({ key: `${dataset.prefix}${name}`, dataset }));
  }
  const dataset = datasetOfKey(key);
  return [{ key, ...(dataset && { dataset }) }];
}

/** Dataset that takes a key of the raw bucket; no two do. */
export function datasetOfKey(key: string): Dataset | undefined {
  return knownDatasets().find(({ prefix }) => key.startsWith(prefix));
}
