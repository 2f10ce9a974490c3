import { type Changes, changesOf } from "../../../datasets/schema/changes";
import { type Dataset, declaredDatasets } from "../../../datasets/schema/datasets";
import { type Environment, hasPipeline } from "../../../environments/schema";
import { expectedAt } from "../../../runtime/expected";
import { CommandError } from "../../../setup/errors";
import { UsageError } from "../command/errors";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { type CatalogClients, readDeployed } from "./deployed";

export interface DiffOptions {
  /** @default - all that the environment has */
  readonly name?: string;
}

/** Changes of a dataset against what is deployed. */
interface Difference extends Changes {
  readonly dataset: string;
  /** Whether declaration or SQL are others than those of the last deploy. */
  readonly isOther: boolean;
}

/** Shows what a deploy would change of the datasets; fails where that is more than additions. */
export async function diff(
  { aws, environment, terminal }: Operator,
  { name }: DiffOptions,
): Promise<ExitCode> {
  const differences = await differencesOf(aws, environment, chosen(environment, name));
  terminal.show(
    differences,
    differences.flatMap(linesOf).join("\n") || "no difference: what is declared is deployed",
  );
  return differences.some(({ refused }) => refused.length > 0) ? EXIT.failed : EXIT.ok;
}

/**
 * Checks that a deploy changes no dataset otherwise than by additions.
 *
 * @throws CommandError with every other change
 */
export async function checkAdditions(clients: CatalogClients, environment: Environment): Promise<void> {
  const differences = await differencesOf(clients, environment, chosen(environment));
  const refused = differences.filter(({ refused }) => refused.length > 0);
  if (refused.length === 0) return;
  const lines = refused.flatMap(linesOf).map((line) => `  ${line}`);
  throw new CommandError(["a deploy only adds to the tables of datasets", ...lines].join("\n"));
}

async function differencesOf(
  clients: CatalogClients,
  environment: Environment,
  datasets: readonly Dataset[],
): Promise<Difference[]> {
  return await Promise.all(
    datasets.map(async (dataset) => {
      const deployed = await readDeployed(clients, environment, dataset.name);
      const isOther = deployed !== undefined && deployed.version !== dataset.version;
      return { dataset: dataset.name, isOther, ...changesOf(dataset, deployed) };
    }),
  );
}

function chosen(environment: Environment, name?: string): Dataset[] {
  const here = declaredDatasets().filter(({ pipeline }) => hasPipeline(environment, pipeline));
  const found = here.filter((dataset) => name === undefined || dataset.name === name);
  if (found.length > 0) return found;
  throw new UsageError(expectedAt("NAME", `one of ${here.map((each) => each.name).join(", ")}`, name));
}

function linesOf({ dataset, isOther, added, refused }: Difference): string[] {
  return [
    ...added.map((each) => `${dataset}: adds ${each}`),
    ...refused.map((each) => `${dataset}: refused: ${each}`),
    ...(isOther ? [`${dataset}: is another version: files that come from then on are read by it`] : []),
  ];
}
