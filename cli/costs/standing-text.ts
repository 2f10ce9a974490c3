import { type Environment, hasPipeline, MONTH_HOURS } from "../../environments/schema";
import { PRICE_REGION } from "../../runtime/prices/table";
import { dollars, table } from "../operator/command/tables";
import { type Cost, total } from "./model/cost";
import { expectedCosts } from "./model/expected";

const DAYS = MONTH_HOURS / 24;
/** Dollars a month below which costs are told together. */
const LEAST = 1;

/** Says what the environment costs a day from its deploy on though no file comes, and how what can be ended is ended. */
export function standingCostsText(environment: Environment): string {
  const costs = expectedCosts(environment).filter(({ by }) => by === "time");
  const told = costs.filter(({ dollars: month = LEAST }) => month >= LEAST);
  const others = costs.filter((cost) => !told.includes(cost));
  const aDay = (month: number) => dollars(month / DAYS);
  const rows: readonly Partial<Cost>[] = [
    ...told,
    { what: "others", dollars: total(others), arithmetic: "metrics, schedules, rounds of functions" },
  ];
  const text = table(
    [
      { head: "runs once deployed", cell: ({ what }) => what },
      { head: "a day", cell: ({ dollars: month }) => (month === undefined ? undefined : aDay(month)) },
      { head: "arithmetic of a month", cell: ({ arithmetic }) => arithmetic },
      { head: "until", cell: ({ end = "it is destroyed" }) => end },
    ],
    rows,
  );
  return [
    text,
    `${aDay(total(costs))} a day by the list prices of ${PRICE_REGION}; with what files cause: npx tributary costs --expected --environment ${environment.name}`,
    ...(hasPipeline(environment, "manifests")
      ? [
          `the streaming job starts within a minute of the first deploy, and again whenever it ends, until npx tributary manifests stop --environment ${environment.name}`,
        ]
      : []),
  ].join("\n");
}
