import { type Environment, PIPELINES, type Pipeline } from "../../../environments/schema";
import { type Cost, total } from "../model/cost";
import { expectedCosts } from "../model/expected";
import { about, comparedRows, tableOf, usd } from "./tables";

const NONE = { filesPerHour: 0, megabytesPerHour: 0 };

/** Costs of an environment to which nothing comes, with the pipelines alone. */
export function floorOf(environment: Environment, pipelines: readonly Pipeline[]): Cost[] {
  const usage = { ...environment.usage, uploads: NONE, manifests: NONE, ledger: NONE };
  return expectedCosts({ ...environment, pipelines: [...pipelines], usage });
}

function isShared({ pipeline, layer }: Cost): boolean {
  return pipeline === "shared" && layer !== "network";
}

/** Section on what each pipeline costs without a file. */
export function floors(environments: readonly Environment[]): string {
  const sharedOf = environments.map((each) => floorOf(each, ["uploads"]).filter(isShared));
  const shared = ["**shared by all**", ...sharedOf.map((costs) => `**${usd(costs)}**`), ""];
  const rows = PIPELINES.flatMap((pipeline) => {
    const own = environments.map((each) => floorOf(each, [pipeline]).filter((cost) => !isShared(cost)));
    return [[`**${pipeline} alone**`, ...own.map((costs) => `**${usd(costs)}**`), ""], ...comparedRows(own)];
  });
  const together = environments.map((each) => floorOf(each, PIPELINES));
  const all = environments
    .map(({ name }, index) => `${about(together[index] ?? [])} in ${name}`)
    .join(" and ");
  const [first] = environments;
  const uploads = first === undefined ? 0 : total(floorOf(first, ["uploads"]));
  return `## The floor of each pipeline

\`pipelines\` says which ones an environment has; of the others nothing is deployed. What one costs a month though no file comes, in USD,
with the settings of ${environments.map(({ name }) => `[${name}](../environments/${name}.ts)`).join(" and ")}, and how that adds up:

${tableOf(["", ...environments.map(({ name }) => name), "arithmetic"], [shared, ...comparedRows(sharedOf), ...rows])}

An environment costs what its pipelines do together and the shared part once. Endpoints, NAT and flow logs are there once, too, so all
three pipelines cost ${all}. Uploads alone in ${first?.name} are ${usd(uploads)}. Where private jobs or the ledger need endpoints, only
services that something calls get them. Each of the first two yearly rotations of a key adds one dollar to it. \`tributary manifests stop\` ends
the streaming job; without \`ledger.scheduled\` the ledger's jobs start by hand.`;
}
