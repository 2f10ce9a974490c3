import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../../setup/errors";
import {
  type Binding,
  boundRead,
  boundState,
  canonical,
  fileDigest,
  fileDigests,
  type Source,
} from "./binding";
import { guardedAddresses, readStacks, type SynthesizedStack } from "./configuration";
import type { PlanJson } from "./plan-json";
import { type Read, States, secretOutputs } from "./states";
import { outcomeOf } from "./summary/outcome";
import type { StackPlan, Wait } from "./summary/stack-plan";
import { WorkingFolder } from "./terraform";

/** Names of what stands in the folder of a run. */
export const FILES = {
  synthesis: "synthesis",
  plan: "terraform.plan",
  json: "plan.json",
  binding: "binding.json",
  summary: "summary.md",
  comment: "comment.md",
  drift: "drift.md",
} as const;

/** What a run plans, and with what. */
export interface Planning {
  /** Folder of the run. */
  readonly out: string;
  /** Stacks to plan. @default - all that are synthesized */
  readonly only?: readonly string[];
  readonly source: Source;
  /** Variables with which Terraform runs. */
  readonly variables: NodeJS.ProcessEnv;
  readonly report: (line: string) => void;
}

/**
 * Plans the stacks that are synthesized in the run's folder, all at a time: each with the states that are there. Beside the plan of each
 * stand its JSON and what binds it.
 *
 * @returns each behind those that it depends on
 */
export async function planStacks(planning: Planning): Promise<StackPlan[]> {
  const { out, only } = planning;
  const all = readStacks(join(out, FILES.synthesis));
  const states = new States(all, out, planning.variables);
  const stacks = all.filter(({ name }) => only === undefined || only.includes(name));
  return allOf(stacks.map((stack) => planStack(stack, states, planning)));
}

/** Waits for all, so that none goes on behind the first that fails, whose error is thrown. */
export async function allOf<Value>(promises: readonly Promise<Value>[]): Promise<Value[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

/**
 * Copies what cdktf wrote into the run's folder, in place of what a run before left.
 * @throws CommandError where the folder has something else
 */
export function takeSynthesis(from: string, out: string): void {
  const isOurs = existsSync(join(out, FILES.synthesis, "manifest.json"));
  if (existsSync(out) && !isOurs && readdirSync(out).length > 0) {
    throw new CommandError(
      `${out} has files that are no plans: name an empty folder, or one of earlier plans`,
    );
  }
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  cpSync(from, join(out, FILES.synthesis), { recursive: true });
}

async function planStack(
  stack: SynthesizedStack,
  states: States,
  { out, source, variables, report }: Planning,
): Promise<StackPlan> {
  const folder = join(out, stack.name);
  mkdirSync(folder, { recursive: true });
  const working = new WorkingFolder(stack.folder, join(folder, ".terraform"), variables);
  const preparing = working.prepare();
  states.provide(stack, { working, problems: preparing });
  const problems = await preparing;
  if (problems.length > 0) return told({ ...withoutPlan(stack), diagnostics: problems }, report);
  return told(await planInto(folder, stack, working, states, { source, report }), report);
}

/** Plans an initialized stack into a folder, beside what binds the plan; so is bound what cannot be planned yet. */
export async function planInto(
  folder: string,
  stack: SynthesizedStack,
  working: WorkingFolder,
  states: States,
  { source, report }: Pick<Planning, "source" | "report">,
): Promise<StackPlan> {
  const own = await states.own(stack);
  const reads = await states.readBy(stack);
  const waitsFor = reads.flatMap(lacking);
  const basis = {
    ...source,
    stack: stack.name,
    planned: new Date().toISOString(),
    synthesis: await fileDigests(stack.folder),
  };
  if (waitsFor.length > 0) {
    bind(folder, { ...basis, errored: false, reads: {} });
    return { ...withoutPlan(stack), waitsFor };
  }
  const file = join(folder, FILES.plan);
  report(`${stack.name}: being planned`);
  const begun = performance.now();
  const { diagnostics, json } = await working.plan(file);
  report(`${stack.name}: terraform plan took ${secondsSince(begun)} s`);
  const known = { ...withoutPlan(stack), diagnostics, reads, secrets: reads.flatMap(secretOutputs) };
  if (json === undefined) return known;
  writeFileSync(join(folder, FILES.json), JSON.stringify(json));
  checkUnmoved(stack.name, json, reads);
  bind(folder, {
    ...basis,
    terraform: json.terraform_version,
    plan: await fileDigest(file),
    errored: json.errored === true,
    ...(own === undefined ? {} : { state: boundState(own) }),
    reads: Object.fromEntries(
      reads.flatMap(({ stack: name, state, outputs }) =>
        state === undefined ? [] : [[name, boundRead(state, outputs)]],
      ),
    ),
  });
  return { ...known, json };
}

function bind(folder: string, binding: Binding): void {
  writeFileSync(join(folder, FILES.binding), `${JSON.stringify(binding, undefined, 2)}\n`);
}

/** Plan of a stack before anything is known of it. */
export function withoutPlan({ name, configuration }: SynthesizedStack): StackPlan {
  const guarded = guardedAddresses(configuration);
  return { stack: name, guarded, secrets: [], diagnostics: [], reads: [], waitsFor: [] };
}

function told(plan: StackPlan, report: Planning["report"]): StackPlan {
  report(`${plan.stack}: ${outcomeOf(plan)}`);
  return plan;
}

/** Seconds since a moment of `performance.now()`, to a tenth. */
export function secondsSince(begun: number): string {
  return ((performance.now() - begun) / 1000).toFixed(1);
}

function lacking({ stack, state, outputs }: Read): Wait[] {
  if (state === undefined) return [{ stack, isDeployed: false, outputs }];
  const missing = outputs.filter((name) => state.outputs[name] === undefined);
  return missing.length === 0 ? [] : [{ stack, isDeployed: true, outputs: missing }];
}

/**
 * Checks that a plan has the outputs that its binding has.
 * @throws CommandError where a state moved between the two
 */
function checkUnmoved(stack: string, { prior_state, errored }: PlanJson, reads: readonly Read[]): void {
  const resources = prior_state?.values?.root_module?.resources ?? [];
  for (const { stack: upstream, source, state, outputs } of reads) {
    const seen = resources.find(({ type, name }) => type === "terraform_remote_state" && name === source);
    if (seen === undefined && errored) continue;
    const values = (seen?.values["outputs"] ?? {}) as Record<string, unknown>;
    const moved = outputs.find((name) => canonical(values[name]) !== canonical(state?.outputs[name]?.value));
    if (moved === undefined) continue;
    throw new CommandError(
      `${upstream} was applied while ${stack} was planned (its ${moved} changed): plan again`,
    );
  }
}
