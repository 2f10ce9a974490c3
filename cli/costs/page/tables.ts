import { countText, monthText } from "../model/amount";
import { type Cost, total } from "../model/cost";

/** Dollars a month below which costs are told together. */
const LEAST = 0.5;

/** Lines of a table in Markdown. */
export function tableOf(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Sum of costs, as a page writes it. */
export function usd(of: number | readonly Cost[]): string {
  return monthText(typeof of === "number" ? of : total(of));
}

/** Sum in round figures: `about 2,700`. */
export function about(of: number | readonly Cost[]): string {
  const dollars = typeof of === "number" ? of : total(of);
  const step = dollars >= 10_000 ? 100 : dollars >= 1000 ? 10 : dollars >= 100 ? 5 : 1;
  return `about ${(Math.round(dollars / step) * step).toLocaleString("en-US")}`;
}

/** Rows of costs with their arithmetic; those below `least` dollars are told together. */
export function costRows(costs: readonly Cost[], least = LEAST): string[][] {
  const told = costs.filter(({ dollars = least }) => dollars >= least);
  const others = costs.filter((cost) => !told.includes(cost));
  const rows = told.map(({ what, dollars, arithmetic }) => [
    quoted(what),
    dollars === undefined ? "–" : usd(dollars),
    arithmetic,
  ]);
  return others.length === 0 ? rows : [...rows, [`others: ${namesOf(others)}`, usd(others), "cents each"]];
}

/** Rows of costs of several environments side by side; the arithmetic is that of the last that has the cost. */
export function comparedRows(environments: readonly (readonly Cost[])[]): string[][] {
  const names = [...new Set(environments.flatMap((costs) => costs.map(({ what }) => what)))];
  const rows = names.map((what) => {
    const found = environments.map((costs) => costs.find((cost) => cost.what === what));
    return { what, found };
  });
  const isTold = (found: readonly (Cost | undefined)[]) =>
    found.some((cost) => cost !== undefined && (cost.dollars ?? LEAST) >= LEAST);
  const others = rows.filter(({ found }) => !isTold(found));
  const told = rows
    .filter(({ found }) => isTold(found))
    .map(({ what, found }) => [
      quoted(what),
      ...found.map((cost) => (cost?.dollars === undefined ? "–" : usd(cost.dollars))),
      [...new Set(found.flatMap((cost) => cost?.arithmetic ?? []))].join("; "),
    ]);
  if (others.length === 0) return told;
  const sums = environments.map((_, index) => usd(others.flatMap(({ found }) => found[index] ?? [])));
  return [...told, ["others", ...sums, others.map(({ what }) => quoted(what)).join(", ")]];
}

function namesOf(costs: readonly Cost[]): string {
  return costs.map(({ what }) => quoted(what)).join(", ");
}

/** Quotes the names of things: `Glue: manifests-stream` has one. */
function quoted(what: string): string {
  return what.replaceAll(/\b(db\.[a-z0-9.]+|[a-z]+(-[a-z]+)+)\b/g, "`$1`");
}

/** Bytes of so many GB, in the unit that reads best. */
export function volume(gigabytes: number): string {
  return gigabytes >= 1000 ? `${countText(gigabytes / 1000)} TB` : `${countText(gigabytes)} GB`;
}
