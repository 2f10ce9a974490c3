import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../../setup/errors";
import { type Binding, boundRead, boundState, canonical } from "../plan/binding";
import type { SynthesizedStack } from "../plan/configuration";
import type { PlanJson } from "../plan/plan-json";
import { FILES, planInto } from "../plan/plan-stacks";
import { type Read, States } from "../plan/states";
import { render } from "../plan/summary/markdown";
import { outcomeOf } from "../plan/summary/outcome";
import type { StackPlan } from "../plan/summary/stack-plan";
import { summaryOf } from "../plan/summary/summary";
import { keepUnsaved, unsavedFile } from "../plan/unsaved";
import { type Applying, isBegun, noteApplied, noteBegun, type Opened } from "./applying";
import { isReviewed, isWithoutChanges, otherwiseThan } from "./changes";
import { approve, propose, readBinding } from "./proposals";
import { refusalsOfChanges } from "./refusals";

/** Plan of a stack as it is now. */
type PlanNow = StackPlan & { readonly folder: string; readonly json: PlanJson };

/**
 * Applies a stack's plan, or what it comes to now where that is the same. Else it asks, and once that is approved looks again: somebody
 * may take a day to answer.
 *
 * @param run plans of all that is applied in this run, in which an approved one takes the place of the reviewed one
 * @param stacks all that are synthesized
 * @returns what became of the stack
 * @throws CommandError where it comes to something else that is not approved, or cannot be planned
 */
export async function applyStack(
  opened: Opened,
  run: Map<string, Opened>,
  stacks: readonly SynthesizedStack[],
  applying: Applying,
): Promise<string> {
  const { stack, folder, changes, working } = opened;
  await working.saveUnsaved(unsavedFile(stack.name, applying.unsaved));
  const states = () => new States(stacks, applying.plans, applying.variables);
  if (!applying.anew && (await isUnmoved(opened, states()))) {
    await applyFile(folder, opened, applying);
    return "applied";
  }
  const now = await planNow(opened, states(), applying);
  if (isWithoutChanges(now.json)) {
    noteApplied(folder);
    return "nothing is left to do";
  }
  if (isReviewed(now.json, changes, isBegun(folder))) {
    await applyFile(now.folder, opened, applying);
    return "applied";
  }
  const approved = await askFor(now, opened, run, applying);
  run.set(stack.name, approved);
  return applyStack(approved, run, stacks, applying);
}

async function isUnmoved({ stack, binding, working }: Opened, states: States): Promise<boolean> {
  if (binding.plan === undefined) return false;
  const own = await working.state();
  if (canonical(binding.state) !== canonical(own === undefined ? undefined : boundState(own))) return false;
  const reads = await states.readBy(stack);
  return reads.every((read) => isAsReviewed(read, binding));
}

function isAsReviewed({ stack, state, outputs }: Read, { reads }: Binding): boolean {
  if (state === undefined) return outputs.length === 0;
  const { lineage, outputs: digests } = boundRead(state, outputs);
  const bound = reads[stack];
  return bound?.lineage === lineage && canonical(bound.outputs) === canonical(digests);
}

async function applyFile(
  from: string,
  { stack, folder, working }: Opened,
  { unsaved, lockSeconds }: Applying,
): Promise<void> {
  noteBegun(folder);
  try {
    await working.apply(join(from, FILES.plan), unsavedFile(stack.name, unsaved), lockSeconds);
  } finally {
    keepUnsaved(stack, unsaved);
  }
  noteApplied(folder);
}

/** @throws CommandError where the stack cannot be planned, or Terraform refuses its plan */
async function planNow(
  { stack, place, binding, working }: Opened,
  states: States,
  applying: Applying,
): Promise<PlanNow> {
  if (binding.plan === undefined) applying.report(`${stack.name}: planned, as it could not be before`);
  else if (!applying.anew) applying.report(`${stack.name}: a state moved since the review; planned again`);
  states.provide(stack, { working, problems: Promise.resolve([]) });
  const folder = join(place, "now");
  mkdirSync(folder, { recursive: true });
  const plan = await planInto(folder, stack, working, states, {
    source: applying.source,
    report: () => undefined,
  });
  const { json, diagnostics } = plan;
  if (json !== undefined && diagnostics.every(({ severity }) => severity !== "error"))
    return { ...plan, folder, json };
  throw new CommandError(
    `${stack.name} was not applied: ${outcomeOf(plan)}; the same command goes on\n\n${summaryText(plan, applying)}`,
  );
}

/**
 * Proposes a plan, shows it, and asks whether it is approved.
 * @throws CommandError where it is not, or is not to be applied at all
 */
async function askFor(
  { folder, ...plan }: PlanNow,
  reviewed: Opened,
  run: ReadonlyMap<string, Opened>,
  applying: Applying,
): Promise<Opened> {
  const { stack, place, binding } = reviewed;
  const isNew = binding.plan === undefined;
  const why = isNew ? "it could not be planned before" : "since the review it has come to other changes";
  const summary = summaryText(plan, applying);
  const otherwise = isNew ? [] : otherwiseThan(reviewed.changes, plan.json).map((line) => `  ${line}`);
  applying.report([`${stack.name}: ${why}`, ...otherwise, "", summary].join("\n"));
  const stopped = `${stack.name} was not applied: ${why}`;
  const refusals = refusalsOfChanges(
    [...new Map(run).set(stack.name, { ...reviewed, changes: plan.json }).values()],
    applying,
  );
  if (refusals.length > 0)
    throw new CommandError([stopped, ...refusals.map((line) => `  ${line}`)].join("\n"));
  if (applying.anew) throw new CommandError(`${stopped}; plan again, and have that reviewed`);
  writeFileSync(join(folder, FILES.summary), summary);
  const name = propose(folder, place);
  if ((await applying.ask?.(name)) !== true) {
    throw new CommandError(
      `${stopped}; that is proposed as ${name}: repeat with --approve ${name} to apply it`,
    );
  }
  const counts = approve(place);
  return { ...reviewed, folder: counts, binding: readBinding(counts) ?? binding, changes: plan.json };
}

function summaryText(plan: StackPlan, { environment, policy }: Applying): string {
  return render(summaryOf([plan], { environment, policy, uncommitted: [] }));
}
