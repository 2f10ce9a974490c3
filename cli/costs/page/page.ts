import { type Environment, hasPipeline, PIPELINES, type Pipeline } from "../../../environments/schema";
import { allPrices, PRICE_REGION } from "../../../runtime/prices/table";
import { priceText } from "../model/amount";
import { total, workOf } from "../model/cost";
import { expectedCosts } from "../model/expected";
import { floors } from "./floors";
import { ledgerSection } from "./ledger";
import { manifestsSection } from "./manifests";
import { referenceSection } from "./reference";
import { costRows, tableOf, usd, volume } from "./tables";
import { workersSection } from "./workers";

/**
 * Builds docs/costs.md for these environments. What costs least and most of those to which something comes stands side by
 * side; the pipelines are told at the load of the latter.
 */
export function costsPage(environments: readonly Environment[]): string {
  const used = environments.filter(({ usage }) => PIPELINES.some((each) => usage[each].filesPerHour > 0));
  const shown = (used.length > 0 ? used : environments).toSorted(
    (one, other) => monthOf(one) - monthOf(other),
  );
  const [smallest, largest] = [shown[0], shown.at(-1)];
  if (smallest === undefined || largest === undefined) throw new Error("there is no environment");
  const has = (pipeline: Pipeline) =>
    hasPipeline(largest, pipeline) && largest.usage[pipeline].filesPerHour > 0;
  return `${[
    introduction(largest),
    environmentsSection(shown),
    floors(smallest === largest ? [largest] : [smallest, largest]),
    ...(has("uploads") ? [uploadsSection(largest)] : []),
    ...(has("manifests") ? [manifestsSection(largest), workersSection(largest, smallest)] : []),
    referenceSection(),
    ...(has("ledger") ? [ledgerSection(largest)] : []),
    pricesSection(),
  ].join("\n\n")}\n`;
}

function monthOf(environment: Environment): number {
  return total(expectedCosts(environment));
}

function introduction({ name }: Environment): string {
  return `# What the pipelines cost

Generated from settings, the price table and the model in \`cli/costs/\` by \`npm run docs\`; edit these, not this page.

\`\`\`sh
npx tributary costs --expected --environment ${name}   # the same of one environment, each line with its arithmetic; calls no AWS
\`\`\`

What a plan changes of it stands at the end of [its summary](plans.md). All of it is computed by [one table of prices](#prices), list prices
of ${PRICE_REGION} without free tiers, discounts and tax; what computes with it warns when nobody looked at it for half a year. A month has
730 hours. What comes is each environment's setting \`usage\`. Not counted are versions that were replaced, access logs, what a NAT gateway
carries, flow logs, logs of idle functions, queries, and traffic out of AWS.`;
}

function environmentsSection(environments: readonly Environment[]): string {
  const costs = environments.map(expectedCosts);
  const row = (what: string, of: (index: number) => string) => [what, ...environments.map((_, i) => of(i))];
  const sumOf = (index: number, isIn: (cost: ReturnType<typeof expectedCosts>[number]) => boolean) =>
    usd((costs[index] ?? []).filter(isIn));
  const arrivals = (["uploads", "manifests", "ledger"] as const).map((pipeline) =>
    row(`${pipeline}: files and bytes a month`, (index) => {
      const { files, gigabytes } = workOf(environments[index] as Environment, pipeline);
      return `${files.toLocaleString("en-US")}, ${volume(gigabytes)}`;
    }),
  );
  return `## What each environment should cost

${tableOf(
  ["USD a month", ...environments.map(({ name }) => `[${name}](../environments/${name}.ts)`)],
  [
    ...arrivals,
    ...(["shared", "uploads", "manifests", "ledger"] as const).map((owner) =>
      row(owner === "shared" ? "shared by all" : owner, (index) =>
        sumOf(index, ({ pipeline, by }) => pipeline === owner && by !== "storage"),
      ),
    ),
    row("storage of the files of a month", (index) => sumOf(index, ({ by }) => by === "storage")),
    row("**together**", (index) => `**${usd(total(costs[index] ?? []))}**`),
  ],
)}`;
}

function uploadsSection(environment: Environment): string {
  const alone: Environment = { ...environment, pipelines: ["uploads"] };
  const costs = expectedCosts(alone).filter(({ pipeline, by }) => pipeline === "uploads" && by !== "time");
  const { files, gigabytes } = workOf(environment, "uploads");
  return `## The uploads pipeline

Runs of the job decide. A run ends when nothing was pending for \`uploads.settleSeconds\`, and a minute is the least: files that trickle keep
one up, files that come together share one. With ${files.toLocaleString("en-US")} files and ${volume(gigabytes)} a month, at random times of the day, as in [${environment.name}](../environments/${environment.name}.ts):

${tableOf(["beyond the floor", "USD", "arithmetic"], [...costRows(costs), ["**together**", `**${usd(costs)}**`, ""]])}`;
}

function pricesSection(): string {
  const rows = allPrices().map(({ service, what, unit, date, source, dollars, per }) => [
    service,
    what,
    priceText({ dollars, per }),
    unit,
    `[${date}](${source})`,
  ]);
  return `## Prices

As [the table](../runtime/prices/table.ts) has them, each with the day on which it was last compared with its source.

${tableOf(["service", "what", "USD", "unit", "compared"], rows)}`;
}
