import { type Kind, kindOf, type PlanJson } from "../plan-json";
import type { StackPlan } from "./stack-plan";

const WORDS = ["created", "changed", "replaced", "destroyed", "forgotten"] as const;

/** Numbers of resources, by what becomes of them. */
export function countsOf({ resource_changes = [] }: PlanJson): ReadonlyMap<Kind, number> {
  const counts = new Map<Kind, number>();
  for (const { change } of resource_changes)
    counts.set(kindOf(change), (counts.get(kindOf(change)) ?? 0) + 1);
  return counts;
}

/** Names of the outputs that a plan changes. */
export function changedOutputs({ output_changes = {} }: PlanJson): string[] {
  return Object.entries(output_changes)
    .filter(([, change]) => kindOf(change) !== "nothing")
    .map(([name]) => name);
}

/** What a plan comes to, in a line. */
export function outcomeOf({ json, diagnostics, waitsFor }: StackPlan): string {
  if (waitsFor.length > 0) {
    const stacks = waitsFor.map(
      ({ stack, isDeployed, outputs }) =>
        `${stack} (${isDeployed ? `lacks ${outputs.join(", ")}` : "no state yet"})`,
    );
    return `cannot be planned until these are applied: ${stacks.join(", ")}`;
  }
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (json === undefined) return `fails: ${errors[0]?.summary ?? "no plan"}`;
  const changes = changesOf(json);
  return errors.length === 0 ? changes : `refused by Terraform (${errors[0]?.summary}): ${changes}`;
}

function changesOf(json: PlanJson): string {
  const counts = countsOf(json);
  const told = WORDS.filter((word) => counts.has(word)).map((word) => `${counts.get(word)} ${word}`);
  const moved = (json.resource_changes ?? []).filter((each) => each.previous_address !== undefined).length;
  if (moved > 0) told.push(`${moved} moved`);
  const outputs = changedOutputs(json).length;
  if (outputs > 0) told.push(`${outputs} ${outputs === 1 ? "output" : "outputs"} changed`);
  return told.length === 0 ? "no changes" : told.join(", ");
}
