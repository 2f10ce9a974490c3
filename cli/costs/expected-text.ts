import { type Environment, LAYERS } from "../../environments/schema";
import { oldestPriceDate } from "../../runtime/prices/age";
import { PRICE_REGION } from "../../runtime/prices/table";
import { dollars, table } from "../operator/command/tables";
import { type Cost, total } from "./model/cost";

/** Dollars a month below which a cost is not shown on its own. */
const LEAST = 0.01;

/** Totals by stack and pipeline, then each cost with its arithmetic. */
export function expectedText(environment: Environment, costs: readonly Cost[]): string {
  const shown = costs.filter(({ dollars: month = LEAST }) => month >= LEAST);
  const months = table<Cost>(
    [
      { head: "stack", cell: ({ layer }) => layer },
      { head: "pipeline", cell: ({ pipeline }) => pipeline },
      { head: "a month", cell: ({ dollars: month }) => (month === undefined ? undefined : dollars(month)) },
      { head: "what", cell: ({ what }) => what },
      { head: "arithmetic", cell: ({ arithmetic }) => arithmetic },
    ],
    shown,
  );
  return [
    byStackText(environment, costs),
    months,
    ...unpriced(costs).map(({ what, arithmetic }) => `not counted: ${what}: ${arithmetic}`),
    `list prices of ${PRICE_REGION} of ${oldestPriceDate()} or later, without free tiers, discounts and tax; docs/costs.md says what they rest on`,
  ].join("\n\n");
}

function byStackText(environment: Environment, costs: readonly Cost[]): string {
  const owners = ["shared", ...environment.pipelines] as const;
  const of = (layer: string | undefined, owner: string | undefined) =>
    dollars(
      total(
        costs.filter(
          (each) =>
            (layer === undefined || each.layer === layer) && (owner === undefined || each.pipeline === owner),
        ),
      ),
    );
  return table<string | undefined>(
    [
      { head: "a month", cell: (layer) => layer ?? "together" },
      ...owners.map((owner) => ({ head: owner, cell: (layer: string | undefined) => of(layer, owner) })),
      { head: "together", cell: (layer) => of(layer, undefined) },
    ],
    [...LAYERS, undefined],
  );
}

function unpriced(costs: readonly Cost[]): Cost[] {
  return costs.filter(({ dollars: month }) => month === undefined);
}
