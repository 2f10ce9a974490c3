import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadEnvironment, type PlanPolicy } from "../../environments/schema";
import { CommandError } from "../../setup/errors";
import {
  type Binding,
  boundRead,
  boundState,
  canonical,
  fileDigest,
  fileDigests,
  type Source,
} from "../plan/binding";
import { guardedAddresses, readStacks, type SynthesizedStack } from "../plan/configuration";
import { kindOf, type PlanJson } from "../plan/plan-json";
import { FILES } from "../plan/plan-stacks";
import { type Read, States, secretOutputs } from "../plan/states";
import { render } from "../plan/summary/markdown";
import { denialsOf, findingsOf } from "../plan/summary/policy";
import type { StackPlan } from "../plan/summary/stack-plan";
import { summaryOf } from "../plan/summary/summary";
import { type Diagnostic, type Planned, WorkingFolder } from "../plan/terraform";
import { keepUnsaved, unsavedFile } from "../plan/unsaved";
import { lossesOf, type Permit, refusalsOf } from "./refusals";

/** What a run applies, and with what. */
export interface Applying {
  /** Folder of the reviewed plans. */
  readonly plans: string;
  /**
   * Applies none of the folder's plan files, which it need not have, but plans each stack anew, and compares: for plans that others could
   * have written.
   */
  readonly anew: boolean;
  /** Stacks that are applied before all others, in this order. @default - none: each behind those that it depends on */
  readonly first?: readonly string[];
  /** What is synthesized now, in which Terraform runs. */
  readonly synthesized: string;
  readonly source: Source;
  readonly permit: Permit;
  readonly policy: PlanPolicy;
  readonly variables: NodeJS.ProcessEnv;
  readonly now: Date;
  /** Folder of states that a backend did not take. */
  readonly unsaved: string;
  /** How long a lock that somebody else holds is waited for. */
  readonly lockSeconds: number;
  /** Looks only, and changes nothing. */
  readonly isTrial: boolean;
  readonly report: (line: string) => void;
}

interface Reviewed {
  readonly stack: SynthesizedStack;
  readonly folder: string;
  readonly binding: Binding;
}

/**
 * A reviewed plan in the folder of its stack, and what it does. Where its file is applied, that file tells it: the JSON beside it
 * is for readers, who may change it.
 */
interface Opened extends Reviewed {
  readonly working: WorkingFolder;
  readonly changes: PlanJson;
}

/** Left beside a plan when its apply begins, and when it is done. */
const BEGUN = "begun.json";
const APPLIED = "applied.json";

/**
 * Applies reviewed plans in their order. Where a state moved since, a stack is planned again, and applied if that comes to the
 * same changes; to some of them, where a run before was stopped in the midst of it. What a run before applied is left, so that
 * the same command goes on after a stop.
 * @throws CommandError where a plan is not to be applied, before anything is changed; or where one comes to other changes
 */
export async function applyPlans(applying: Applying): Promise<void> {
  const { plans, synthesized, first = [], report } = applying;
  const all = readStacks(synthesized);
  const early = first.flatMap((name) => all.filter((stack) => stack.name === name));
  const stacks = [...early, ...all.filter(({ name }) => !first.includes(name))];
  const reviewed = stacks.flatMap((stack) => reviewedPlan(stack, join(plans, stack.name)));
  const left = reviewed.filter(({ folder }) => !existsSync(join(folder, APPLIED)));
  if (left.length === 0)
    throw new CommandError(`${plans} has no plan that is not applied already: plan again`);
  const refusals = [];
  for (const each of left) refusals.push(...(await refusalsToApply(each, applying)));
  refuseFor(refusals);
  const opened = [];
  for (const each of left) opened.push(await open(each, applying));
  refuseFor([
    ...opened.flatMap(({ stack, changes }) => lossesOf(stack.name, changes, applying.permit)),
    ...denials(opened, applying),
  ]);
  for (const each of opened) {
    if (applying.isTrial) {
      report(`${each.stack.name}: would be applied; repeat with --yes`);
      continue;
    }
    const outcome = await applyReviewed(each, new States(stacks, plans, applying.variables), applying);
    note(each.folder, APPLIED);
    report(`${each.stack.name}: ${outcome}`);
  }
}

function note(folder: string, name: string): void {
  writeFileSync(join(folder, name), JSON.stringify({ at: new Date().toISOString() }));
}

/** @throws CommandError where there are reasons not to apply */
function refuseFor(reasons: readonly string[]): void {
  if (reasons.length === 0) return;
  throw new CommandError(["nothing was changed:", ...reasons.map((line) => `  ${line}`)].join("\n"));
}

/** What the policy denies of plans, of whom their own changes are asked, and no page beside them. */
function denials(opened: readonly Opened[], { source, policy }: Applying): string[] {
  const plans = opened.map(({ stack, changes }) => ({ ...planWithout(stack), json: changes }));
  const environment = loadEnvironment(source.environment);
  return denialsOf(findingsOf(plans, environment, policy), environment.name);
}

/** Plan of a stack before anything is known of it. */
function planWithout({ name, configuration }: SynthesizedStack): StackPlan {
  const guarded = guardedAddresses(configuration);
  return { stack: name, guarded, secrets: [], diagnostics: [], reads: [], waitsFor: [] };
}

function reviewedPlan(stack: SynthesizedStack, folder: string): Reviewed[] {
  const file = join(folder, FILES.binding);
  return existsSync(file) ? [{ stack, folder, binding: JSON.parse(readFileSync(file, "utf8")) }] : [];
}

async function refusalsToApply(
  { stack, folder, binding }: Reviewed,
  { source, permit, now, anew, unsaved }: Applying,
): Promise<string[]> {
  keepUnsaved(stack, unsaved);
  const plan = anew ? binding.plan : await fileDigest(join(folder, FILES.plan));
  const synthesis = await fileDigests(stack.folder);
  return refusalsOf(binding, { source, synthesis, plan, now }, permit);
}

async function open(reviewed: Reviewed, { variables, anew }: Applying): Promise<Opened> {
  const { stack, folder } = reviewed;
  const working = new WorkingFolder(stack.folder, join(folder, ".terraform"), variables);
  const [problem] = await working.initialize();
  if (problem !== undefined) throw new CommandError(`${stack.name}: ${problem.detail}`);
  if (anew) {
    return { ...reviewed, working, changes: JSON.parse(readFileSync(join(folder, FILES.json), "utf8")) };
  }
  const shown = await working.show(join(folder, FILES.plan));
  if ("problem" in shown) throw new CommandError(`${stack.name}: ${shown.problem.detail}`);
  return { ...reviewed, working, changes: shown.changes };
}

/** @returns what became of the stack */
async function applyReviewed(opened: Opened, states: States, applying: Applying): Promise<string> {
  const { stack, folder, binding, working, changes } = opened;
  await working.saveUnsaved(unsavedFile(stack.name, applying.unsaved));
  const own = await working.state();
  const reads = await states.readBy(stack);
  const isUnmoved =
    !applying.anew && canonical(binding.state) === canonical(own === undefined ? undefined : boundState(own));
  const wasBegun = existsSync(join(folder, BEGUN));
  if (isUnmoved && reads.every((read) => isAsReviewed(read, binding))) {
    note(folder, BEGUN);
    await applyFile(join(folder, FILES.plan), opened, applying);
    return "applied";
  }
  if (!applying.anew) applying.report(`${stack.name}: a state moved since the review; planned again`);
  const file = join(folder, "again.plan");
  const again = await working.plan(file);
  if (isNothing(again)) return "nothing is left to do";
  if (again.json === undefined || !isReviewed(again.json, changes, wasBegun)) {
    throw new CommandError(otherwise(stack, reads, again, applying));
  }
  note(folder, BEGUN);
  await applyFile(file, opened, applying);
  return "applied";
}

async function applyFile(
  file: string,
  { stack, working }: Opened,
  { unsaved, lockSeconds }: Applying,
): Promise<void> {
  try {
    await working.apply(file, unsavedFile(stack.name, unsaved), lockSeconds);
  } finally {
    keepUnsaved(stack, unsaved);
  }
}

function isNothing({ json, diagnostics }: Planned): boolean {
  const hasFailed = diagnostics.some(({ severity }) => severity === "error");
  return !hasFailed && json !== undefined && changesOf(json).length === 0;
}

function isAsReviewed({ stack, state, outputs }: Read, { reads }: Binding): boolean {
  if (state === undefined) return outputs.length === 0;
  const { lineage, outputs: digests } = boundRead(state, outputs);
  const bound = reads[stack];
  return bound?.lineage === lineage && canonical(bound.outputs) === canonical(digests);
}

/** Whether a plan comes to the reviewed changes; `inPart`: to what is left of them. */
function isReviewed(again: PlanJson, reviewed: PlanJson, inPart: boolean): boolean {
  const [now, before] = [changesOf(again), new Set(changesOf(reviewed))];
  return now.every((change) => before.has(change)) && (inPart || now.length === before.size);
}

/** What a plan does, whatever else its JSON has: when it was made, what it read, and what stays as it is. */
function changesOf({ resource_changes = [], output_changes = {} }: PlanJson): string[] {
  const resources = resource_changes.filter(
    ({ mode, change, previous_address }) =>
      mode === "managed" &&
      (kindOf(change) !== "nothing" || previous_address !== undefined || change.importing !== undefined),
  );
  const outputs = Object.entries(output_changes).filter(([, change]) => kindOf(change) !== "nothing");
  return [...resources, ...outputs].map(canonical);
}

function otherwise(
  stack: SynthesizedStack,
  reads: readonly Read[],
  { json, diagnostics }: { readonly json?: PlanJson; readonly diagnostics: readonly Diagnostic[] },
  { source, policy }: Applying,
): string {
  const plan = {
    ...planWithout(stack),
    secrets: reads.flatMap(secretOutputs),
    diagnostics,
    reads,
    ...(json === undefined ? {} : { json }),
  };
  const environment = loadEnvironment(source.environment);
  return [
    `${stack.name} was not applied: since the review it has come to other changes; plan again and have that reviewed`,
    render(summaryOf([plan], { environment, policy, uncommitted: [] })),
  ].join("\n\n");
}
