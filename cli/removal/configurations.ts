import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Environment, LAYERS, type Layer, stackName, stateKey } from "../../environments/schema";
import { type Configuration, outputsRead } from "../plan/configuration";
import type { State, StateResource } from "./states";

/** Reads the synthesized stacks of the environment in cdktf's output folder. */
export function readConfigurations(
  output: string,
  environment: Environment,
): ReadonlyMap<Layer, Configuration> {
  return new Map(
    LAYERS.map((layer) => {
      const file = join(output, "stacks", stackName(environment, layer), "cdk.tf.json");
      return [layer, JSON.parse(readFileSync(file, "utf8")) as Configuration];
    }),
  );
}

/** Deployed resource that the settings no longer have. */
export interface Removed extends StateResource {
  readonly layer: Layer;
}

/** Finds what is deployed and no longer configured, under its address or one that it is moved to: Terraform would destroy it. */
export function removedResources(
  states: ReadonlyMap<Layer, State>,
  configurations: ReadonlyMap<Layer, Configuration>,
): Removed[] {
  return [...states].flatMap(([layer, { resources }]) => {
    const configuration = configurations.get(layer) ?? {};
    return resources
      .filter(({ type, name }) => !isConfigured(configuration, `${type}.${name}`))
      .map((each) => ({ ...each, layer }));
  });
}

function isConfigured({ resource = {}, moved = [] }: Configuration, address: string): boolean {
  const to = moved.find(({ from }) => from === address)?.to ?? address;
  const [type = "", name = ""] = to.split(".");
  return resource[type]?.[name] !== undefined;
}

/**
 * Finds outputs that stacks read of others and that are not deployed, each as `compute: storage's output`. Stacks that
 * are applied before those that they depend on see what is deployed, and nothing else.
 */
export function lackingOutputs(
  environment: Environment,
  layers: readonly Layer[],
  states: ReadonlyMap<Layer, State>,
  configurations: ReadonlyMap<Layer, Configuration>,
): string[] {
  return layers.flatMap((layer) => {
    const configuration = configurations.get(layer) ?? {};
    const sources = configuration.data?.terraform_remote_state ?? {};
    return outputsRead(configuration)
      .map(({ source, output }) => ({
        output,
        of: LAYERS.find((each) => stateKey(environment, each) === sources[source]?.config["key"]),
      }))
      .filter(({ of, output }) => of === undefined || states.get(of)?.outputs.has(output) !== true)
      .map(({ of, output }) => `${layer}: ${of}'s ${output}`);
  });
}
