import { type Environment, MONTH_HOURS, type Pipeline } from "../../../environments/schema";
import { PRICES, type Price } from "../../../runtime/prices/table";
import { type Amount, noted, priced, sum } from "./amount";
import { type Cost, costs, workOf } from "./cost";
import { PARQUET_SHARE } from "./measured";

/** GB (2³⁰ bytes) of 10⁹ bytes, as S3 counts. */
const GIBIBYTES = 1e9 / 2 ** 30;
/** Tiers of the standard class, each up to so many GB; all buckets of an account and region count together. */
const TIERS: readonly (readonly [Price, number])[] = [
  [PRICES.storageFirst, 51_200],
  [PRICES.storageNext, 512_000],
  [PRICES.storageOver, Number.POSITIVE_INFINITY],
];
const MONTH_DAYS = MONTH_HOURS / 24;
/** Megabytes below which neither Intelligent-Tiering nor an archive takes an object. */
const LEAST_TIERED = 0.128;

/**
 * What is kept of a month's files, in the standard class: the input, or as much of it as its lifecycle leaves, and their
 * Parquet. Each further month that is kept adds as much.
 */
export function storageCosts(environment: Environment): Cost[] {
  let before = 0;
  const all: Cost[] = [];
  for (const pipeline of environment.pipelines) {
    const { gigabytes } = workOf(environment, pipeline);
    const days = keptDays(environment, pipeline);
    const input = gigabytes * GIBIBYTES * Math.min(1, days / MONTH_DAYS);
    const parquet = gigabytes * GIBIBYTES * PARQUET_SHARE;
    const place = { layer: "storage", pipeline, by: "storage" } as const;
    all.push(
      ...costs(place, {
        "S3: storage of a month's input": keptBehind(before, input),
        "S3: storage of a month's Parquet": keptBehind(before + input, parquet),
      }),
      ...costs(
        { ...place, by: "files" },
        { "S3: moves to Intelligent-Tiering": moves(environment, pipeline) },
      ),
    );
    before += input + parquet;
  }
  return all;
}

/** Cost of so many GB and month, behind others that fill the dearer tiers before. */
export function keptBehind(before: number, gigabytes: number): Amount {
  let [from, left] = [before, gigabytes];
  const parts: Amount[] = [];
  for (const [price, end] of TIERS) {
    const part = Math.min(left, Math.max(0, end - from));
    if (part > 0) parts.push(priced(price, [part, "GB"]));
    from += part;
    left -= part;
  }
  return sum(...parts);
}

function keptDays({ storage: { lifecycle } }: Environment, pipeline: Pipeline): number {
  const { expireDays } = pipeline === "ledger" ? lifecycle.processed : lifecycle.raw;
  return expireDays ?? Number.POSITIVE_INFINITY;
}

/** Cost of the moves of a month's files, of those that live so long. An existing bucket has its owner's rules. */
function moves(environment: Environment, pipeline: Pipeline): Amount | undefined {
  const { raw, lifecycle } = environment.storage;
  const { files, megabytesPerFile } = workOf(environment, pipeline);
  const stays = raw.existing !== undefined || keptDays(environment, pipeline) <= lifecycle.raw.tieringDays;
  if (stays || megabytesPerFile < LEAST_TIERED) return undefined;
  return noted(
    priced(PRICES.tiering, [files, "files"]),
    lifecycle.raw.tieringDays === 0
      ? "once each"
      : `once each, when they are ${lifecycle.raw.tieringDays} days old`,
  );
}
