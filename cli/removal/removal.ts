import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GlueClient } from "@aws-sdk/client-glue";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { type Environment, LAYERS, type Layer } from "../../environments/schema";
import { CLIENT_SETTINGS } from "../../runtime/aws/clients";
import { CommandError } from "../../setup/errors";
import { lackingOutputs, readConfigurations, removedResources } from "./configurations";
import { type Losses, lossesOf } from "./losses";
import { readStates, type State } from "./states";

const PAGE = "docs/operations.md#switch-a-pipeline-off";
const DESTRUCTION_PAGE = "docs/first-deploy.md#and-back";

/** Removal that was asked for and can be carried out. */
export interface Removal {
  /** Lines about what is given up. */
  readonly lines: readonly string[];
  /**
   * Layers that lose something, in the order in which they are applied: the readers of tables and queues go before
   * these do, while the stacks' own order is that of their making.
   */
  readonly layers: readonly Layer[];
}

/** Reads what is deployed; empty before the first deploy. */
export async function deployedStates(environment: Environment): Promise<ReadonlyMap<Layer, State>> {
  const s3 = s3Of(environment);
  try {
    return await readStates(s3, environment);
  } finally {
    s3.destroy();
  }
}

/**
 * Compares what is deployed with what is synthesized.
 *
 * @param discard whether data may be lost
 * @returns the removal of what holds data; undefined where nothing of the kind goes
 * @throws CommandError where data would be lost under the environment's guard or without `discard`, or where the
 * removal would fail half-way
 */
export async function planRemoval(
  environment: Environment,
  states: ReadonlyMap<Layer, State>,
  output: string,
  discard: boolean,
): Promise<Removal | undefined> {
  const configurations = readConfigurations(output, environment);
  const removed = removedResources(states, configurations);
  const losses = await withClients(environment, (clients) => lossesOf(removed, clients));
  checkLosses(environment, losses, discard);
  if (losses.data.length === 0) return undefined;
  const layers = LAYERS.filter((layer) => removed.some((each) => each.layer === layer)).reverse();
  const lacking = lackingOutputs(environment, layers, states, configurations);
  if (lacking.length > 0) {
    throw new CommandError(
      `${environment.name}: the settings take something away and add something else (${lacking.join(", ")}); ` +
        `nothing was changed: deploy what is added first, then take the other away (${PAGE})`,
    );
  }
  return { lines: [...losses.data, ...losses.others], layers };
}

/**
 * Checks that the destruction of the environment would not stop half-way. A bucket with objects would stay, but by then
 * without its policy, and with its key on the way to deletion: nobody could read the objects any more.
 *
 * @throws CommandError naming what cannot go
 */
export async function checkDestruction(environment: Environment): Promise<void> {
  const deployed = removedResources(await deployedStates(environment), new Map());
  // a job at work keeps nothing from going
  const holders = deployed.filter(({ type }) => type !== "aws_glue_job");
  const { obstacles } = await withClients(environment, (clients) => lossesOf(holders, clients));
  if (obstacles.length === 0) return;
  const lines = obstacles.map((each) => `  ${each}`);
  throw new CommandError(
    [`${environment.name}: this cannot go yet`, ...lines, `nothing was changed (${DESTRUCTION_PAGE})`].join(
      "\n",
    ),
  );
}

/**
 * Checks that what is lost may be lost. Terraform's own guard is of no use here: it goes with the block that has it.
 *
 * @see https://github.com/hashicorp/web-unified-docs/pull/1095/files (2026-11-30)
 * @throws CommandError otherwise
 */
export function checkLosses(
  { name, deletionGuard }: Pick<Environment, "name" | "deletionGuard">,
  { data, obstacles }: Losses,
  discard: boolean,
): void {
  const tell = (what: string, lines: readonly string[], way: string) =>
    new CommandError(
      [`${name}: ${what}`, ...lines.map((each) => `  ${each}`), `nothing was changed: ${way} (${PAGE})`].join(
        "\n",
      ),
    );
  const lost = "this is deployed, the settings no longer have it, and it would be lost";
  if (data.length > 0 && deletionGuard) {
    throw tell(
      `deletionGuard is on; ${lost}`,
      data,
      "to give it up, deploy with deletionGuard: false and all that is deployed, then without it and with --discard",
    );
  }
  if (data.length > 0 && !discard) throw tell(lost, data, "repeat with --discard to give it up");
  if (obstacles.length > 0) {
    throw tell("what the settings no longer have cannot go yet", obstacles, "then deploy again");
  }
}

async function withClients<Result>(
  environment: Environment,
  work: (clients: Parameters<typeof lossesOf>[1]) => Promise<Result>,
): Promise<Result> {
  const settings = { ...CLIENT_SETTINGS, region: environment.region };
  const clients = {
    dynamo: new DynamoDBClient(settings),
    glue: new GlueClient(settings),
    s3: s3Of(environment),
    sqs: new SQSClient(settings),
  };
  try {
    return await work(clients);
  } finally {
    for (const client of Object.values(clients)) client.destroy();
  }
}

function s3Of({ region, storage }: Environment): S3Client {
  return new S3Client({ ...CLIENT_SETTINGS, region, forcePathStyle: storage.pathStyle });
}
