import { bucketName, type Environment } from "../../environments/schema";
import { type Amount, sum } from "./model/amount";
import { storageCosts } from "./model/storage";
import type { Values } from "./terraform";

/** A rule as the raw bucket has it: of a dataset's inputs, or of processed files of the ledger. */
interface Rule {
  readonly id: string;
  /** Undefined: for ever. */
  readonly expireDays: number | undefined;
  /** Infinite: never. */
  readonly tieringDays: number;
}

/**
 * Cost of keeping the input of a month as the raw bucket's rules say, by the environment's usage; undefined for another
 * bucket. Of datasets with different rules, the longest counts.
 */
export function lifecycleCost({ bucket, rule }: Values, environment: Environment): Amount | undefined {
  if (bucket !== bucketName(environment, "raw")) return undefined;
  const rules = listOf(rule).map(ruleOf);
  const inputs = rules.filter(({ id }) => id.startsWith("inputs-"));
  const processed = rules.filter(({ id }) => id.startsWith("processed"));
  const { storage } = environment;
  const lifecycle = {
    ...storage.lifecycle,
    raw: {
      ...storage.lifecycle.raw,
      expireDays: longest(inputs),
      tieringDays: Math.min(...rules.map(({ tieringDays }) => tieringDays)),
    },
    processed: { ...storage.lifecycle.processed, expireDays: longest(processed) },
  };
  const kept = storageCosts({ ...environment, storage: { ...storage, lifecycle } })
    .filter(({ what }) => !what.includes("Parquet"))
    .map(({ dollars = 0, arithmetic }) => ({ dollars, text: arithmetic }));
  return sum(...kept);
}

function ruleOf(rule: unknown): Rule {
  const { id, expiration, transition } = rule as Values;
  const days = Number((listOf(expiration)[0] as Values | undefined)?.["days"] ?? 0);
  const tiering = listOf(transition).find(
    (each) => (each as Values)["storage_class"] === "INTELLIGENT_TIERING",
  ) as Values | undefined;
  return {
    id: String(id),
    // the provider has 0 for none
    expireDays: days === 0 ? undefined : days,
    tieringDays: tiering === undefined ? Number.POSITIVE_INFINITY : Number(tiering["days"] ?? 0),
  };
}

function longest(rules: readonly Rule[]): number | undefined {
  const days = rules.map(({ expireDays }) => expireDays ?? Number.POSITIVE_INFINITY);
  const most = Math.max(0, ...days);
  return most === 0 || most === Number.POSITIVE_INFINITY ? undefined : most;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
