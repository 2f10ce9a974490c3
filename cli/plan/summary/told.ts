import { kindOf, type ResourceChange } from "../plan-json";
import { type Difference, differencesOf } from "./differences";
import { type Permission, permissionsOf } from "./permissions";
import { type Hide, hiding } from "./secrets";
import type { StackPlan } from "./stack-plan";

/** Resource of one stack, with what is told of it. */
export interface Told extends ResourceChange {
  readonly stack: string;
  readonly guarded: ReadonlySet<string>;
  readonly hide: Hide;
  readonly differences: readonly Difference[];
  readonly permissions: readonly Permission[];
}

/** Resources of a plan among `changes`, with what is told of them. */
export function toldOf(
  { stack, guarded, secrets, json }: StackPlan,
  changes: readonly ResourceChange[],
): Told[] {
  const hide = hiding(secrets, json);
  return changes
    .filter(({ mode }) => mode === "managed")
    .map((resource) => ({
      ...resource,
      stack,
      guarded,
      hide,
      differences: kindOf(resource.change) === "nothing" ? [] : differencesOf(resource.change, hide),
      permissions: kindOf(resource.change) === "nothing" ? [] : permissionsOf(resource, hide),
    }));
}

/** Resources that a plan does something to. */
export function changingIn(plan: StackPlan): Told[] {
  return toldOf(plan, plan.json?.resource_changes ?? []).filter(({ change }) => kindOf(change) !== "nothing");
}

/** Whether what was there goes, with what it holds. */
export function isEnd(change: ResourceChange["change"]): boolean {
  return ["destroyed", "replaced"].includes(kindOf(change));
}

/** Whether there is something before and after. */
export function isKept({ change }: ResourceChange): boolean {
  return ["changed", "replaced"].includes(kindOf(change));
}
