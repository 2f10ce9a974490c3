import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../../setup/errors";

/** Backend of a state, with its settings, as Terraform has them in JSON. */
export interface StatePlace {
  readonly backend: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Synthesized stack, as far as it is read. */
export interface Configuration {
  readonly terraform?: { readonly backend?: Readonly<Record<string, StatePlace["config"]>> };
  /** Settings of its resources, by type and id. */
  readonly resource?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Addresses that became others. */
  readonly moved?: readonly { readonly from: string; readonly to: string }[];
  readonly data?: { readonly terraform_remote_state?: Readonly<Record<string, StatePlace>> };
}

/** Stack in cdktf's output folder. */
export interface SynthesizedStack {
  readonly name: string;
  readonly folder: string;
  readonly configuration: Configuration;
}

/** Output of another stack that a configuration reads. */
export interface OutputRead {
  /** Id of the data source by which it is read. */
  readonly source: string;
  readonly output: string;
}

interface Manifest {
  readonly stacks: Readonly<
    Record<
      string,
      { readonly name: string; readonly workingDirectory: string; readonly dependencies: readonly string[] }
    >
  >;
}

/** Reads the stacks of cdktf's output folder, each behind those that it depends on. */
export function readStacks(output: string): SynthesizedStack[] {
  const { stacks } = JSON.parse(readFileSync(join(output, "manifest.json"), "utf8")) as Manifest;
  const ordered = new Set<string>();
  const add = (name: string, readers: readonly string[]) => {
    if (readers.includes(name))
      throw new CommandError(`stacks read each other: ${[...readers, name].join(" → ")}`);
    for (const each of stacks[name]?.dependencies ?? []) add(each, [...readers, name]);
    ordered.add(name);
  };
  for (const name of Object.keys(stacks).sort()) add(name, []);
  return [...ordered].map((name) => {
    const folder = join(output, stacks[name]?.workingDirectory ?? "");
    return { name, folder, configuration: JSON.parse(readFileSync(join(folder, "cdk.tf.json"), "utf8")) };
  });
}

const READING = /data\.terraform_remote_state\.([\w-]+)\.outputs\.([\w-]+)/g;

/** Finds the outputs of other stacks that a configuration reads, each once. */
export function outputsRead(configuration: Configuration): OutputRead[] {
  const found = JSON.stringify(configuration).matchAll(READING);
  const names = new Set([...found].map(([, source = "", output = ""]) => `${source} ${output}`));
  return [...names].map((each) => {
    const [source = "", output = ""] = each.split(" ");
    return { source, output };
  });
}

/** Place of a stack's own state. */
export function ownState({ name, configuration }: SynthesizedStack): StatePlace {
  const [backend] = Object.entries(configuration.terraform?.backend ?? {});
  if (backend === undefined)
    throw new CommandError(`${name} has no backend: nobody else would see its state`);
  return { backend: backend[0], config: backend[1] };
}

/** Places of the states that a stack reads, by the ids of their data sources. */
export function statesRead({ configuration }: SynthesizedStack): ReadonlyMap<string, StatePlace> {
  const sources = Object.entries(configuration.data?.terraform_remote_state ?? {});
  return new Map(sources.map(([id, { backend, config }]) => [id, { backend, config }]));
}

/** Addresses of the resources that Terraform itself refuses to destroy. */
export function guardedAddresses({ resource = {} }: Configuration): ReadonlySet<string> {
  return new Set(
    Object.entries(resource).flatMap(([type, ids]) =>
      Object.entries(ids)
        .filter(([, settings]) => (settings as Guarded).lifecycle?.prevent_destroy === true)
        .map(([id]) => `${type}.${id}`),
    ),
  );
}

interface Guarded {
  readonly lifecycle?: { readonly prevent_destroy?: boolean };
}
