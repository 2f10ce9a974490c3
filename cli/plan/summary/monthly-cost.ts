import type { Environment } from "../../../environments/schema";
import { oldestPriceDate } from "../../../runtime/prices/age";
import { PRICE_REGION } from "../../../runtime/prices/table";
import type { Amount } from "../../costs/model/amount";
import { mayMatter, monthOf, type Uncounted } from "../../costs/terraform";
import { kindOf, type ResourceChange } from "../plan-json";
import type { Difference } from "./differences";
import { code, type Section } from "./markdown";
import { groupedBy, membersOf } from "./objects";

/** Resource that a plan changes, with what is told of it. */
export interface Costed extends ResourceChange {
  readonly stack: string;
  readonly differences: readonly Difference[];
  readonly hide: (text: string) => string;
}

/** What a resource costs a month before and after; nothing while it is not there. */
interface Costs {
  readonly stack: string;
  readonly resources: readonly Costed[];
  readonly before: Amount;
  readonly after: Amount;
}

/** Resources whose price nobody here knows, in the place of a figure. */
interface Unknown {
  readonly stack: string;
  readonly resources: readonly Costed[];
  readonly why: Uncounted;
}

const NOTHING: Amount = { dollars: 0, text: "" };

/**
 * Tells what plans add to the cost of a month and take from it, by attributes and by what the environment expects to come;
 * and what has no figure.
 * @param unplanned stacks of which nothing is known
 */
export function monthlyCost(
  changing: readonly Costed[],
  environment: Environment,
  unplanned: readonly string[],
): Section {
  const judged = judgedOf(changing, environment);
  const costs = countedOf(judged);
  const unknown = groupedUnknown(
    judged.flatMap(({ each, of }) => (typeof of === "string" && isTold(each) ? [{ each, why: of }] : [])),
  );
  const changed = costs.filter((each) => differenceOf([each]) !== 0);
  const stacks = [...new Set(changed.map(({ stack }) => stack))];
  const rows = [
    ...stacks.flatMap((stack) =>
      stackRows(
        stack,
        changed.filter((each) => each.stack === stack),
      ),
    ),
    ...unknown.map(unknownRow),
  ];
  return {
    heading: headingOf(differenceOf(changed), unplanned),
    columns: ["Stack", "Resource", "Before", "After", "Difference", "Arithmetic"],
    rows,
  };
}

/** USD that plans add to the cost of a month, as far as there are figures. */
export function costDifference(changing: readonly Costed[], environment: Environment): number {
  return differenceOf(countedOf(judgedOf(changing, environment)));
}

interface CostOf {
  readonly each: Costed;
  readonly of: ReturnType<typeof costsOf>;
}

function judgedOf(changing: readonly Costed[], environment: Environment): CostOf[] {
  return changing
    .filter(({ change }) => kindOf(change) !== "forgotten")
    .map((each) => ({ each, of: costsOf(each, environment) }));
}

function countedOf(judged: readonly CostOf[]): Costs[] {
  return grouped(judged.flatMap(({ each, of }) => (typeof of === "string" ? [] : [{ each, ...of }])));
}

function headingOf(difference: number, unplanned: readonly string[]): string {
  const without = unplanned.length === 0 ? "" : `, without ${unplanned.join(", ")}`;
  return `Monthly cost: ${signed(difference)} USD${without} (list prices of ${PRICE_REGION} of ${oldestPriceDate()} or later, and the environment's \`usage\`)`;
}

function costsOf(
  { type, change }: Costed,
  environment: Environment,
): { readonly before: Amount; readonly after: Amount } | Uncounted {
  const sides = [change.before, change.after];
  const isThere = (values: unknown) => values !== null && values !== undefined;
  const isChanged = sides.every(isThere);
  const [before, after] = sides.map((values) =>
    isThere(values) ? monthOf(type, membersOf(values), environment, isChanged) : NOTHING,
  );
  if (typeof before === "string") return before;
  if (typeof after === "string") return after;
  return { before: before ?? NOTHING, after: after ?? NOTHING };
}

/** Whether a resource without a figure comes, goes, or changes what may be paid for. */
function isTold({ type, change, differences }: Costed): boolean {
  return kindOf(change) !== "changed" || differences.some(({ path }) => mayMatter(type, path));
}

type Judged = Pick<Costs, "before" | "after"> & { readonly each: Costed };

function grouped(all: readonly Judged[]): Costs[] {
  return groupedBy(all, ({ each, before, after }) =>
    JSON.stringify([each.stack, each.type, before.text, after.text]),
  ).map((group) => ({
    before: group[0].before,
    after: group[0].after,
    stack: group[0].each.stack,
    resources: group.map(({ each }) => each),
  }));
}

function groupedUnknown(all: readonly { readonly each: Costed; readonly why: Uncounted }[]): Unknown[] {
  return groupedBy(all, ({ each, why }) => JSON.stringify([each.stack, why])).map((group) => ({
    stack: group[0].each.stack,
    why: group[0].why,
    resources: group.map(({ each }) => each),
  }));
}

function differenceOf(costs: readonly Costs[]): number {
  const cents = costs.reduce(
    (total, { before, after, resources }) => total + (after.dollars - before.dollars) * resources.length,
    0,
  );
  return Math.round(cents * 100) / 100;
}

function stackRows(stack: string, costs: readonly Costs[]): string[][] {
  const own = costs.map((each) => {
    const { before, after, resources } = each;
    const [of] = resources;
    const number = resources.length;
    const texts = [before.text, after.text].filter((text) => text !== "" && text !== "free");
    return [
      code(stack),
      number === 1 ? code(of?.address ?? "") : `${code(of?.type ?? "")} × ${number}`,
      dollars(before.dollars * number),
      dollars(after.dollars * number),
      signed(differenceOf([each])),
      code((of?.hide ?? String)(texts.join(" → "))),
    ];
  });
  if (own.length < 2) return own;
  return [[code(stack), "**together**", "", "", `**${signed(differenceOf(costs))}**`, ""], ...own];
}

function unknownRow({ stack, resources, why }: Unknown): string[] {
  const kinds = groupedBy(resources, ({ type }) => type).map((all) =>
    all.length === 1 ? code(all[0].address) : `${code(all[0].type)} × ${all.length}`,
  );
  return [code(stack), kinds.join(", "), "", "", "not counted", why];
}

function dollars(amount: number): string {
  return amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

function signed(amount: number): string {
  return amount > 0 ? `+${dollars(amount)}` : dollars(amount).replace("-", "−");
}
