import { readFileSync } from "node:fs";
import { join } from "node:path";
import { safeLoad } from "js-yaml";
import { ROOT } from "../../setup/paths";

export interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly "working-directory"?: string;
}

export interface Job {
  readonly if?: string;
  readonly uses?: string;
  readonly needs?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly environment?: string;
  readonly concurrency?: Readonly<Record<string, unknown>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly string[]>> };
  /** None in a job that calls another workflow. */
  readonly steps?: readonly Step[];
}

export interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

export const FOLDER = join(ROOT, ".github", "workflows");

export function textOf(name: string): string {
  return readFileSync(join(FOLDER, name), "utf8");
}

export function workflow(name: string): Workflow {
  return safeLoad(textOf(name)) as Workflow;
}

/** Step of a job by its name. */
export function stepOf(file: string, job: string, name: string): Step {
  const found = workflow(file).jobs[job]?.steps?.find((step) => step.name === name);
  if (found === undefined) throw new Error(`${file} has no step ${job}: ${name}`);
  return found;
}

/** A text that GitHub evaluates. */
export function evaluated(text: string): string {
  return ["$", `{{ ${text} }}`].join("");
}
