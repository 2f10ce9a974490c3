import { type Environment, loadEnvironment } from "../../../environments/schema";
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

/** Environments that the page computes with. */
export interface Shown {
  readonly dev: Environment;
  readonly staging: Environment;
  readonly prod: Environment;
}

export function shownEnvironments(): Shown {
  return { dev: loadEnvironment("dev"), staging: loadEnvironment("staging"), prod: loadEnvironment("prod") };
}

/** Builds docs/costs.md. */
export function costsPage({ dev, staging, prod }: Shown): string {
  return `${[
    introduction(),
    environmentsSection([dev, staging, prod]),
    floors([dev, prod]),
    uploadsSection(prod),
    manifestsSection(prod),
    workersSection(prod, dev),
    referenceSection(),
    ledgerSection(prod),
    pricesSection(),
  ].join("\n\n")}\n`;
}

function introduction(): string {
  return `# What the pipelines cost

Generated from settings, the price table and the model in \`cli/costs/\` by \`npm run docs\`; edit these, not this page.

\`\`\`sh
npx tributary costs --expected --environment prod   # the same of one environment, each line with its arithmetic; calls no AWS
\`\`\`

What a plan changes of it stands at the end of [its summary](plans.md). All of it is computed by [one table of prices](#prices), list prices
of ${PRICE_REGION} without free tiers, discounts and tax, of which every command warns when it is older than half a year; a month has 730
hours. What comes is each environment's setting \`usage\`. Not counted are versions that were replaced, access logs, what a NAT gateway carries,
flow logs, logs of idle functions, queries, and traffic out of AWS.`;
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
