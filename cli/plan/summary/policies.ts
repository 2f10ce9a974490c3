import { canonical } from "../binding";
import { listOf, membersOf, parsed } from "./objects";

/** What one statement says of one action on one resource. */
interface Grant {
  readonly effect: string;
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  /** A condition each, in order; all of them must hold. */
  readonly conditions: readonly string[];
}

/** Grants that are told in one row. */
export interface GrantGroup {
  readonly effect: string;
  readonly principals: readonly string[];
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: readonly string[];
}

/** Condition on grants that are there before and after. */
export interface ConditionChange extends Omit<GrantGroup, "conditions"> {
  readonly gained: readonly string[];
  readonly lost: readonly string[];
}

export interface PolicyDifference {
  readonly gained: readonly GrantGroup[];
  readonly lost: readonly GrantGroup[];
  readonly conditions: readonly ConditionChange[];
}

/** Whether a value is a policy's document. */
export function isPolicy(value: unknown): boolean {
  return membersOf(parsed(value))["Statement"] !== undefined;
}

/** Compares what two documents grant, however that is spread over statements. */
export function policyDifference(before: unknown, after: unknown): PolicyDifference {
  const [one, other] = [grantsOf(before), grantsOf(after)];
  const lost = [...one].filter(([key]) => !other.has(key)).map(([, grant]) => grant);
  const gained = [...other].filter(([key]) => !one.has(key)).map(([, grant]) => grant);
  const subjectsLost = bySubject(lost);
  const subjectsGained = bySubject(gained);
  const changed = [...subjectsLost.keys()].filter((subject) => subjectsGained.has(subject));
  const isChanged = (grant: Grant) => changed.includes(subjectOf(grant));
  return {
    gained: grouped(gained.filter((grant) => !isChanged(grant))),
    lost: grouped(lost.filter((grant) => !isChanged(grant))),
    conditions: conditionChanges(
      changed.map((subject) => [subjectsLost.get(subject) ?? [], subjectsGained.get(subject) ?? []]),
    ),
  };
}

function grantsOf(document: unknown): Map<string, Grant> {
  const grants = listOf(membersOf(parsed(document))["Statement"]).flatMap(statementGrants);
  return new Map(grants.map((grant) => [canonical(grant), grant]));
}

function statementGrants(statement: unknown): Grant[] {
  const members = membersOf(statement);
  const conditions = conditionsOf(members["Condition"]);
  return principalsOf(members).flatMap((principal) =>
    wordsOf(members, "Action").flatMap((action) =>
      wordsOf(members, "Resource").map((resource) => ({
        effect: String(members["Effect"]),
        principal,
        action,
        resource,
        conditions,
      })),
    ),
  );
}

/** Elements of `Action` or `Resource`, or of their opposite. */
function wordsOf(statement: Readonly<Record<string, unknown>>, name: string): string[] {
  const opposite = listOf(statement[`Not${name}`]);
  if (opposite.length > 0) return [`all but ${opposite.map(String).sort().join(", ")}`];
  const words = listOf(statement[name]).map(String);
  return words.length > 0 ? words : [""];
}

function principalsOf(statement: Readonly<Record<string, unknown>>): string[] {
  const told = (principal: unknown) =>
    typeof principal === "string"
      ? [principal]
      : Object.entries(membersOf(principal)).flatMap(([kind, names]) =>
          listOf(names).map((name) => (name === "*" ? "*" : `${kind} ${name}`)),
        );
  if (statement["NotPrincipal"] !== undefined)
    return [`all but ${told(statement["NotPrincipal"]).sort().join(", ")}`];
  const principals = told(statement["Principal"]);
  return principals.length > 0 ? principals : [""];
}

function conditionsOf(condition: unknown): string[] {
  return Object.entries(membersOf(condition))
    .flatMap(([operator, keys]) =>
      Object.entries(membersOf(keys)).map(
        ([key, values]) => `${operator} ${key} = ${listOf(values).map(String).sort().join(" or ")}`,
      ),
    )
    .sort();
}

function subjectOf({ effect, principal, action, resource }: Grant): string {
  return JSON.stringify([effect, principal, action, resource]);
}

function bySubject(grants: readonly Grant[]): Map<string, Grant[]> {
  const subjects = new Map<string, Grant[]>();
  for (const grant of grants)
    subjects.set(subjectOf(grant), [...(subjects.get(subjectOf(grant)) ?? []), grant]);
  return subjects;
}

/** Joins grants that differ in one thing alone: first in the action, then in the resource, then in the principal. */
function grouped(grants: readonly Grant[]): GrantGroup[] {
  const single = grants.map(({ effect, principal, action, resource, conditions }) => ({
    effect,
    principals: [principal],
    actions: [action],
    resources: [resource],
    conditions,
  }));
  return joined(joined(joined(single, "actions"), "resources"), "principals");
}

function joined(groups: readonly GrantGroup[], name: "actions" | "resources" | "principals"): GrantGroup[] {
  const together = new Map<string, GrantGroup>();
  for (const group of groups) {
    const key = canonical({ ...group, [name]: [] });
    const words = new Set([...(together.get(key)?.[name] ?? []), ...group[name]]);
    together.set(key, { ...group, [name]: [...words].sort() });
  }
  return [...together.values()];
}

function conditionChanges(
  pairs: readonly (readonly [readonly Grant[], readonly Grant[]])[],
): ConditionChange[] {
  const groups = pairs.flatMap(([lost, gained]) => {
    const [before, after] = [
      lost.flatMap(({ conditions }) => conditions),
      gained.flatMap(({ conditions }) => conditions),
    ];
    const change = {
      gained: after.filter((each) => !before.includes(each)),
      lost: before.filter((each) => !after.includes(each)),
    };
    // told as one group with the others of the same change
    return grouped(gained.slice(0, 1)).map((group) => ({ ...group, conditions: [JSON.stringify(change)] }));
  });
  return joined(joined(joined(groups, "actions"), "resources"), "principals").map(
    ({ conditions, ...group }) => ({
      ...group,
      ...(JSON.parse(conditions[0] ?? "{}") as Pick<ConditionChange, "gained" | "lost">),
    }),
  );
}
