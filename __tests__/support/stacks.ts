import { existsSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadEnvironments } from "../../environments/schema";
import { synthesizedStacks } from "./synthesized-stacks";

type Attributes = Readonly<Record<string, unknown>>;

/** A synthesized stack as Terraform reads it. */
export interface StackJson {
  readonly resource: Readonly<Record<string, Readonly<Record<string, Attributes>>>>;
  readonly provider: Readonly<Record<string, readonly Attributes[]>>;
  readonly terraform: { readonly backend: { readonly s3: Attributes } };
  readonly moved?: readonly { readonly from: string; readonly to: string }[];
  readonly output?: Readonly<Record<string, { readonly value: unknown }>>;
  readonly data?: Readonly<Record<string, Readonly<Record<string, { readonly config: Attributes }>>>>;
}

/** Stacks of the named environments by their names, each environment synthesized once a run of jest. */
export function stacksOf(...names: string[]): ReadonlyMap<string, StackJson> {
  return new Map(names.flatMap((name) => Object.entries(stacksOfEnvironment(name))));
}

function stacksOfEnvironment(name: string): Record<string, StackJson> {
  const folder = synthesizedStacks();
  const file = join(folder, `${name}.json`);
  if (!existsSync(file)) {
    const own = join(mkdtempSync(join(folder, "writing-")), "stacks.json");
    writeFileSync(own, JSON.stringify(Object.fromEntries(synthesized(name))));
    // whole at once, for another file's test may look
    renameSync(own, file);
  }
  return JSON.parse(readFileSync(file, "utf8"));
}

/** Loads cdktf only where no test of the run has synthesized the environment: that takes seconds for each file. */
function synthesized(name: string): ReadonlyMap<string, StackJson> {
  const { synthesize } = require("./synthesize") as typeof import("./synthesize");
  return synthesize(loadEnvironments([name]));
}
