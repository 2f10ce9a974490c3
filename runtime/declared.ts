import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { WantedKeys } from "./ledger/wanted";
import type { ManifestsDataset } from "./manifests/datasets";

/**
 * What functions know of the declared datasets, by the function's name. It stands in their archives: variables have 4 KB
 * together, and other declarations are other code, which a deploy carries.
 */
export interface Declared {
  readonly "uploads-reconciler": {
    /** Prefixes of the datasets of uploads. */
    readonly prefixes: readonly string[];
  };
  readonly "manifests-builder": { readonly datasets: readonly ManifestsDataset[] };
  readonly "manifests-reconciler": { readonly datasets: readonly ManifestsDataset[] };
  readonly "ledger-registrar": Pick<WantedKeys, "prefixes">;
  readonly "untaken-objects": {
    /** Prefixes of all that is taken or kept in the raw bucket. */
    readonly taken: readonly string[];
    /** Prefixes below which all should be taken: the empty one in a bucket of our own. */
    readonly looked: readonly string[];
  };
}

/** File of a function's archive. */
export const DECLARED_FILE = "declared.json";

/**
 * Reads what the function's archive says of the declared datasets.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html (2026-11-30)
 */
export function readDeclared<Name extends keyof Declared>(
  folder = process.env["LAMBDA_TASK_ROOT"] ?? "",
): Declared[Name] {
  return JSON.parse(readFileSync(join(folder, DECLARED_FILE), "utf8"));
}
