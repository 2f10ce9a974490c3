import type { Environment, Layer, Pipeline } from "../../../environments/schema";
import { type Amount, sum } from "./amount";

/** Something that an environment is expected to cost a month. */
export interface Cost {
  readonly layer: Layer;
  /** Pipeline that it is paid for; `shared` is there for all of them once. */
  readonly pipeline: Pipeline | "shared";
  /**
   * `time`: is paid whether files come or not; `files`: for what is done with them; `storage`: for keeping the files of a
   * month and their Parquet.
   */
  readonly by: "time" | "files" | "storage";
  readonly what: string;
  /** Undefined where the price table has no price for it. */
  readonly dollars: number | undefined;
  readonly arithmetic: string;
  /** Kind of Terraform's resources that it is the price of, where their attributes alone decide it. */
  readonly resource?: string;
  /** What ends it. @default - the environment's end */
  readonly end?: string;
}

export type Place = Pick<Cost, "layer" | "pipeline" | "by">;

/** Costs of a place; those of nothing are left out. */
export function costs(
  place: Place,
  amounts: Readonly<Record<string, Amount | undefined>>,
  further: Pick<Cost, "resource" | "end"> = {},
): Cost[] {
  return Object.entries(amounts).flatMap(([what, amount]) =>
    amount === undefined || amount.dollars === 0
      ? []
      : [{ ...place, what, dollars: amount.dollars, arithmetic: amount.text, ...further }],
  );
}

/** Dollars of costs whose price is known. */
export function total(all: readonly Cost[]): number {
  return sum(...all.map(({ dollars = 0 }) => ({ dollars, text: "" }))).dollars;
}

/** Files and bytes that come to a pipeline. */
export interface Work {
  /** A month. */
  readonly files: number;
  /** A month, 10⁹ bytes. */
  readonly gigabytes: number;
  /** Of a file. */
  readonly megabytesPerFile: number;
  /** While files come. */
  readonly filesPerHour: number;
  readonly hours: number;
}

/** What an environment expects to come to a pipeline. */
export function workOf({ usage }: Environment, pipeline: Pipeline): Work {
  const { filesPerHour, megabytesPerHour } = usage[pipeline];
  return {
    files: filesPerHour * usage.hoursPerMonth,
    gigabytes: (megabytesPerHour * usage.hoursPerMonth) / 1000,
    megabytesPerFile: filesPerHour === 0 ? 0 : megabytesPerHour / filesPerHour,
    filesPerHour,
    hours: usage.hoursPerMonth,
  };
}
