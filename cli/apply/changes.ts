/** What plans do, and how that of one differs from another's. */
import { canonical } from "../plan/binding";
import { type Change, kindOf, type PlanJson } from "../plan/plan-json";
import { membersOf } from "../plan/summary/objects";

/** What a plan does by address, and as `output NAME`; without when it was made, what it read, and what stays as it is. */
function changesOf({ resource_changes = [], output_changes = {} }: PlanJson): ReadonlyMap<string, Changed> {
  const resources = resource_changes
    .filter(
      ({ mode, change, previous_address }) =>
        mode === "managed" &&
        (kindOf(change) !== "nothing" || previous_address !== undefined || change.importing !== undefined),
    )
    .map((each) => [each.address, { change: each.change, whole: canonical(each) }] as const);
  const outputs = Object.entries(output_changes)
    .filter(([, change]) => kindOf(change) !== "nothing")
    .map(([name, change]) => [`output ${name}`, { change, whole: canonical(change) }] as const);
  return new Map([...resources, ...outputs]);
}

interface Changed {
  readonly change: Change;
  readonly whole: string;
}

export function isWithoutChanges(plan: PlanJson): boolean {
  return changesOf(plan).size === 0;
}

/** Whether a plan comes to the reviewed changes; `inPart`: to what is left of them. */
export function isReviewed(plan: PlanJson, reviewed: PlanJson, inPart: boolean): boolean {
  const [now, before] = [changesOf(plan), changesOf(reviewed)];
  return (
    [...now].every(([address, { whole }]) => before.get(address)?.whole === whole) &&
    (inPart || now.size === before.size)
  );
}

/** How a plan differs from the reviewed one, a line for each address. Attributes are named, for values may be secret. */
export function otherwiseThan(reviewed: PlanJson, plan: PlanJson): string[] {
  const [before, now] = [changesOf(reviewed), changesOf(plan)];
  const gone = [...before].filter(([address]) => !now.has(address));
  return [
    ...[...now].flatMap(([address, { change, whole }]) => {
      const was = before.get(address);
      if (was === undefined) return [`${address}: is ${verb(change)}, which was not reviewed`];
      if (was.whole === whole) return [];
      if (verb(was.change) !== verb(change))
        return [`${address}: is ${verb(change)}, and was to be ${verb(was.change)}`];
      return [`${address}: is ${verb(change)} otherwise${attributes(was.change, change)}`];
    }),
    ...gone.map(([address, { change }]) => `${address}: is no longer ${verb(change)}`),
  ];
}

function verb(change: Change): string {
  const kind = kindOf(change);
  return kind === "nothing" ? "moved or imported" : kind;
}

function attributes(one: Change, other: Change): string {
  const sides = ["before", "after", "after_unknown"] as const;
  const names = sides.flatMap((side) => {
    const [first, second] = [membersOf(one[side]), membersOf(other[side])];
    const all = [...Object.keys(first), ...Object.keys(second)];
    return all.filter((name) => canonical(first[name]) !== canonical(second[name]));
  });
  return names.length === 0 ? "" : ` (${[...new Set(names)].join(", ")})`;
}
