import type { Price } from "../../../runtime/prices/table";

/** Dollars, and the arithmetic that they come of, from the same figures. */
export interface Amount {
  readonly dollars: number;
  readonly text: string;
}

/** Number with a word for what it counts, where that is not plain. */
export type Factor = number | readonly [number, string];

/** Multiplies factors by a price: `146 M sends × 0.40 a million`. */
export function priced(price: Price, ...factors: readonly Factor[]): Amount {
  const count = factors.reduce<number>((product, factor) => product * countOf(factor), 1);
  const dollars = (count * price.dollars) / price.per;
  return { dollars, text: [...factors.map(factorText), priceText(price)].join(" × ") };
}

/** Adds amounts: `a + b`. */
export function sum(...amounts: readonly Amount[]): Amount {
  return {
    dollars: amounts.reduce((total, { dollars }) => total + dollars, 0),
    text: amounts.map(({ text }) => text).join(" + "),
  };
}

/** Explains an amount further. */
export function noted({ dollars, text }: Amount, note: string): Amount {
  return { dollars, text: `${text}; ${note}` };
}

/** Number of things, one or many: `1 key`, `3 keys`. */
export function many(number: number, word: string): Factor {
  return [number, number === 1 ? word : `${word}s`];
}

function countOf(factor: Factor): number {
  return typeof factor === "number" ? factor : factor[0];
}

function factorText(factor: Factor): string {
  return typeof factor === "number" ? countText(factor) : `${countText(factor[0])} ${factor[1]}`;
}

/** Formats a count in three digits above a million, rounded above ten: `146 M`, `43,800`, `0.75`. */
export function countText(count: number): string {
  if (count >= 1e9) return `${Number((count / 1e9).toPrecision(3))} billion`;
  if (count >= 1e6) return `${Number((count / 1e6).toPrecision(3))} M`;
  return count >= 1000 ? Math.round(count).toLocaleString("en-US") : String(Number(count.toPrecision(3)));
}

const PER: Readonly<Record<number, string>> = {
  1: "",
  1000: " a thousand",
  10000: " for 10,000",
  100000: " for 100,000",
  1000000: " a million",
};

/** Formats a price with what it is for: `0.40 a million`. */
export function priceText({ dollars, per }: Pick<Price, "dollars" | "per">): string {
  return `${dollarText(dollars)}${PER[per] ?? ` for ${countText(per)}`}`;
}

/** Formats a price with two decimals, or as many as it has: `1.00`, `0.0225`. */
function dollarText(dollars: number): string {
  const [, decimals = ""] = String(dollars).split(".");
  return dollars.toFixed(Math.max(2, decimals.length));
}

/** Formats dollars of a month for a page: cents below ten, else whole ones. */
export function monthText(dollars: number): string {
  const digits = Math.abs(dollars) < 10 ? 2 : 0;
  return dollars.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
