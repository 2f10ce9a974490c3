/** Changes of a declaration against what is deployed: what a deploy adds, and what it must not do. */
import { type Dataset, outputColumnsOf } from "./dataset";
import type { Declaration } from "./declaration";

/** What stands of a dataset. */
export interface Deployed {
  /** Columns of its table, undeclared ones included. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly partitionKeys: readonly string[];
  /** Declaration that was deployed last. @default - it is not known */
  readonly declaration?: Declaration;
}

export interface Changes {
  /** What a deploy adds: columns, or a whole table. */
  readonly added: readonly string[];
  /** What is not an addition, each with what to do instead. */
  readonly refused: readonly string[];
}

const RENAME = "declare a dataset with another name for it, and replay the files there";

/** Compares a dataset with what stands of it; undefined where nothing does. */
export function changesOf(dataset: Dataset, deployed: Deployed | undefined): Changes {
  if (deployed === undefined) return { added: ["the table"], refused: [] };
  const { partitions, stored } = layoutOf(dataset);
  const standing = new Map(deployed.columns.map(({ name, type }) => [name, type]));
  return {
    added: stored
      .filter(({ name }) => !standing.has(name))
      .map(({ name, type }) => `the column ${name} (${type})`),
    refused: [
      ...differentPartitions(partitions, deployed.partitionKeys),
      ...stored.flatMap(({ name, type }) => {
        const was = standing.get(name);
        return was === undefined || was === type ? [] : [retyped(dataset, deployed, name, was, type)];
      }),
      ...removedColumns(dataset, deployed),
    ],
  };
}

function layoutOf(dataset: Dataset) {
  const partitions = dataset.pipeline === "manifests" ? ["date"] : (dataset.partitions ?? []);
  return { partitions, stored: dataset.outputColumns.filter(({ name }) => !partitions.includes(name)) };
}

function differentPartitions(partitions: readonly string[], standing: readonly string[]): string[] {
  if (partitions.join() === standing.join()) return [];
  return [`partitions are ${listed(standing)}, and would be ${listed(partitions)}: ${RENAME}`];
}

function retyped(
  { name: dataset }: Dataset,
  { declaration }: Deployed,
  name: string,
  was: string,
  type: string,
): string {
  const wasDeclared = declaration && outputColumnsOf(declaration).some((each) => each.name === name);
  const instead =
    declaration === undefined || wasDeclared
      ? "give the column another name, and replay the files whose rows should have it"
      : `it holds undeclared values: give the column another name, or free this one by tributary columns drop --dataset ${dataset} --column ${name}`;
  return `the column ${name} is ${was}, and would be ${type}: ${instead}`;
}

function removedColumns({ outputColumns }: Dataset, { declaration }: Deployed): string[] {
  const declared = outputColumns.map(({ name }) => name);
  const before = declaration === undefined ? [] : outputColumnsOf(declaration).map(({ name }) => name);
  return before
    .filter((name) => !declared.includes(name))
    .map((name) => `the column ${name} would get no more values: keep it declared, or ${RENAME}`);
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(", ");
}
