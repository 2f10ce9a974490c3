/** Builders of the declaration's leaves: each carries what its error message, an editor and the reference need. */
import { z } from "zod";
import { NAME } from "./names";

const ANY_TEXT = /[^\s]/;
const ONE_CHARACTER = /^[^"\r\n]$/u;

/** Text that is not blank. */
export function words(would: string, description: string) {
  return z.string().regex(ANY_TEXT).meta({ description, would });
}

/** Text that matches `pattern`; `would` says in words what matches. */
export function text(pattern: RegExp, would: string, description: string) {
  return z.string().regex(pattern).meta({ description, would });
}

/** One character that CSV does not use itself. */
export function character(description: string) {
  return text(ONE_CHARACTER, "one character, neither a quote nor a line break", description);
}

/** Name of a column or a dataset. */
export function name(description: string) {
  return text(NAME, "a lower-case name (a-z, 0-9, _) that begins with a letter", description);
}

/** One of the listed values. */
export function choice<const T extends readonly string[]>(values: T, description: string) {
  return z.enum(values).meta({ description });
}

/** Yes or no. */
export function flag(description: string) {
  return z.boolean().meta({ description });
}

/** Whole number from `from` to `to`. */
export function whole(from: number, to: number, description: string) {
  return z.int().min(from).max(to).meta({ description });
}

/** Number from `from` to `to`. */
export function number(from: number, to: number, description: string) {
  return z
    .number()
    .min(from)
    .max(to)
    .meta({ description, would: `a number from ${from} to ${to}` });
}

/** List of at least one item, none of them twice. */
export function list<T extends z.ZodType>(item: T, would: string, description: string) {
  return z
    .array(item)
    .min(1)
    .refine((values) => new Set(values).size === values.length)
    .meta({ description, would, uniqueItems: true });
}
