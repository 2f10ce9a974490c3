import type { SynthesizedStack } from "../configuration";
import type { ResourceChange } from "../plan-json";
import { isObject, listOf, type Members } from "./objects";
import type { StackPlan } from "./stack-plan";

/**
 * Leaves of what a refresh found only what the code sets and somebody else changed, and what is gone. What runs change is
 * left out where the code lets them, by `ignore_changes`; so is what AWS and other resources fill in, as the rules of a group.
 */
export function withDriftAlone(plan: StackPlan, { configuration }: SynthesizedStack): StackPlan {
  if (plan.json === undefined) return plan;
  const resource_drift = (plan.json.resource_drift ?? []).flatMap((resource) => {
    const settings = configuration.resource?.[resource.type]?.[resource.name];
    return isObject(settings) ? [driftOf(resource, settings)] : [];
  });
  return { ...plan, json: { ...plan.json, resource_drift } };
}

function driftOf(resource: ResourceChange, settings: Members): ResourceChange {
  const { before, after } = resource.change;
  if (!isObject(before) || !isObject(after)) return resource;
  const { ignore_changes = [] } = (settings["lifecycle"] ?? {}) as { ignore_changes?: readonly string[] };
  const only = (values: Members) =>
    ignore_changes.reduce<unknown>(
      (left, path) => without(left, path.split(/[.[\]]+/)),
      setOf(values, settings),
    );
  return { ...resource, change: { ...resource.change, before: only(before), after: only(after) } };
}

/** What the code sets of a resource, or of a block in it; of a map all, for anybody may add to it. */
function setOf(values: Members, settings: Members): Members {
  const set = Object.entries(values).filter(([name, value]) => name in settings && !isEmpty(value));
  return Object.fromEntries(
    set.map(([name, value]) => {
      if (!Array.isArray(value)) return [name, value];
      const block = Object.assign({}, ...listOf(settings[name]).filter(isObject));
      return [name, value.map((each) => (isObject(each) ? setOf(each, block) : each))];
    }),
  );
}

/** Takes away what is at a path, as of `storage_descriptor[0].columns`. */
function without(value: unknown, [name = "", ...rest]: readonly string[]): unknown {
  if (Array.isArray(value)) {
    return value.map((each, index) => (String(index) === name ? without(each, rest) : each));
  }
  if (!isObject(value) || !(name in value)) return value;
  const { [name]: found, ...others } = value;
  return rest.length === 0 ? others : { ...others, [name]: without(found, rest) };
}

/** What Terraform has for an attribute that nobody set, one way or the other. */
function isEmpty(value: unknown): boolean {
  if (value === null || value === "") return true;
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}
