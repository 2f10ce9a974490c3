/** Builders of the schema's leaves: each carries what its error message and its line in the docs need. */
import { z } from "zod";
import { CEILING_DOLLARS } from "../../runtime/glue-runs";

/** Meaning of a setting, in addition to its type. */
export interface Meaning {
  /** One sentence for the docs. */
  readonly description: string;
}

/** Whole number from `from` to `to`, in `unit`. */
export function whole(from: number, to: number, unit: string, meaning: Meaning) {
  return z
    .int()
    .min(from)
    .max(to)
    .meta({ ...meaning, unit });
}

/** Whole number without a unit, such as a year. */
export function integer(from: number, to: number, meaning: Meaning) {
  return z
    .int()
    .min(from)
    .max(to)
    .meta({ ...meaning });
}

/** Dollars that a job may cost, so that a slip of a setting is told and not paid. */
export function ceiling(meaning: Meaning) {
  return whole(1, 100_000, "USD", meaning).default(CEILING_DOLLARS);
}

/** One of the listed values. */
export function choice<const T extends readonly string[]>(values: T, meaning: Meaning) {
  return z.enum(values).meta({ ...meaning });
}

/** One of the listed numbers, in `unit`. */
export function numberChoice<const T extends readonly number[]>(values: T, unit: string, meaning: Meaning) {
  return z.literal(values).meta({ ...meaning, unit });
}

/** Text that matches `pattern`; `would` says in words what matches. */
export function text(pattern: RegExp, would: string, meaning: Meaning) {
  return z
    .string()
    .regex(pattern)
    .meta({ ...meaning, would });
}

/** Yes or no. */
export function flag(meaning: Meaning) {
  return z.boolean().meta({ ...meaning });
}

/** List without repetitions; the length is from `from` to `to`. */
export function list<T extends z.ZodType>(item: T, from: number, to: number, meaning: Meaning) {
  return z
    .array(item)
    .min(from)
    .max(to)
    .refine((values) => new Set(values).size === values.length)
    .meta({ ...meaning });
}
