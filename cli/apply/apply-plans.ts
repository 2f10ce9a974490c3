import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../../setup/errors";
import { fileDigest, fileDigests } from "../plan/binding";
import { readStacks, type SynthesizedStack } from "../plan/configuration";
import type { PlanJson } from "../plan/plan-json";
import { FILES } from "../plan/plan-stacks";
import { WorkingFolder } from "../plan/terraform";
import { keepUnsaved } from "../plan/unsaved";
import { applyStack } from "./apply-stack";
import { type Applying, isApplied, type Opened, type Reviewed } from "./applying";
import { approve, checkApproved, countingFolder, isProposed, readBinding } from "./proposals";
import { refusalsOf, refusalsOfChanges } from "./refusals";

const NO_CHANGES: PlanJson = { terraform_version: "" };

/**
 * Applies reviewed plans in their order. Where a state moved since, a stack is planned again, and applied if that comes to the
 * same changes; to some of them, where a run before was stopped in the midst of it. Other changes are proposed, as is the
 * plan of a stack that could not be planned before: they wait for an approval. What a run before applied is left, so that
 * the same command goes on after a stop.
 * @throws CommandError where a plan is not to be applied, before anything is changed; or where one is not approved
 */
export async function applyPlans(applying: Applying): Promise<void> {
  const { plans, synthesized, first = [], approved, isTrial, report } = applying;
  const all = readStacks(synthesized);
  const early = first.flatMap((name) => all.filter((stack) => stack.name === name));
  const stacks = [...early, ...all.filter(({ name }) => !first.includes(name))];
  if (approved !== undefined) {
    const places = stacks.map(({ name }) => join(plans, name));
    checkApproved(places, approved);
    for (const place of places) if (!isTrial && isProposed(place, approved)) approve(place);
  }
  const reviewed = stacks.flatMap((stack) => reviewedPlan(stack, applying));
  const left = reviewed.filter(({ folder }) => !isApplied(folder));
  if (left.length === 0)
    throw new CommandError(`${plans} has no plan that is not applied already: plan again`);
  const refusals = [];
  for (const each of left) refusals.push(...(await refusalsToApply(each, applying)));
  refuseFor(refusals);
  const run = new Map<string, Opened>();
  for (const each of left) run.set(each.stack.name, await open(each, applying));
  refuseFor(refusalsOfChanges([...run.values()], applying));
  for (const each of run.values()) {
    const outcome = isTrial ? trialText(each) : await applyStack(each, run, stacks, applying);
    report(`${each.stack.name}: ${outcome}`);
  }
}

function trialText({ binding }: Reviewed): string {
  return binding.plan === undefined
    ? "would be planned when it can be, and shown for approval"
    : "would be applied; repeat with --yes";
}

/** @throws CommandError where there are reasons not to apply */
function refuseFor(reasons: readonly string[]): void {
  if (reasons.length === 0) return;
  throw new CommandError(["nothing was changed:", ...reasons.map((line) => `  ${line}`)].join("\n"));
}

function reviewedPlan(stack: SynthesizedStack, { plans, approved }: Applying): Reviewed[] {
  const place = join(plans, stack.name);
  const folder = countingFolder(place, approved);
  const binding = readBinding(folder);
  return binding === undefined ? [] : [{ stack, place, folder, binding }];
}

async function refusalsToApply(
  { stack, folder, binding }: Reviewed,
  { source, permit, now, anew, unsaved }: Applying,
): Promise<string[]> {
  keepUnsaved(stack, unsaved);
  const hasFile = !anew && binding.plan !== undefined;
  const plan = hasFile ? await fileDigest(join(folder, FILES.plan)) : binding.plan;
  const synthesis = await fileDigests(stack.folder);
  return refusalsOf(binding, { source, synthesis, plan, now }, permit);
}

async function open(reviewed: Reviewed, { variables, anew }: Applying): Promise<Opened> {
  const { stack, place, folder, binding } = reviewed;
  const working = new WorkingFolder(stack.folder, join(place, ".terraform"), variables);
  const [problem] = await working.initialize();
  if (problem !== undefined) throw new CommandError(`${stack.name}: ${problem.detail}`);
  if (binding.plan === undefined) return { ...reviewed, working, changes: NO_CHANGES };
  if (anew) {
    return { ...reviewed, working, changes: JSON.parse(readFileSync(join(folder, FILES.json), "utf8")) };
  }
  const shown = await working.show(join(folder, FILES.plan));
  if ("problem" in shown) throw new CommandError(`${stack.name}: ${shown.problem.detail}`);
  return { ...reviewed, working, changes: shown.changes };
}
