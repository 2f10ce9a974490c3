import type { Dataset } from "../../../datasets/schema/datasets";
import type { Operator } from "../command/operator";
import type { Below } from "../smoke/removal";
import type { RawVersion } from "./raw-versions";

/** What it takes to withdraw a file. */
export interface Withdrawal {
  /** Versions of the file as its pipeline knows them, also those that the raw bucket has no more. */
  readonly versions: readonly RawVersion[];
  /** Versions that go from the raw bucket. */
  readonly raw: readonly RawVersion[];
  /** Objects that no commit replaces, and that go with it. */
  readonly objects: readonly Below[];
  /** What else is done, and by whom: a sentence each. */
  readonly steps: readonly string[];
  /** Makes what stands for the file, before its versions go. */
  before?(): Promise<void>;
  /** Asks the pipeline to publish without the file, once its versions are gone. */
  after?(): Promise<void>;
}

/** Plans it for a file of a pipeline; undefined where the pipeline does not know the file. */
export type PlanWithdrawal = (
  operator: Operator,
  file: { readonly key: string; readonly dataset: Dataset },
) => Promise<Withdrawal | undefined>;
