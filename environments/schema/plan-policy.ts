/** Schema of the policy that plans are held against. */
import { z } from "zod";
import { expectedAt, unknownKey } from "../../runtime/expected";
import { choice, list, text, whole } from "./kinds";
import { EnvironmentsError, placeOf, problemsOf } from "./problems";

/** File that a team edits. */
export const POLICY_FILE = "environments/plan-policy.ts";

const LEVELS = ["deny", "warn", "allow"] as const;

export type Level = (typeof LEVELS)[number];

/** Rules of a resource each, with their defaults. */
const BY_RESOURCE = {
  dataLost: level("deny", "A stateful resource is destroyed or replaced, whether its code is there or not."),
  publicAccess: level(
    "deny",
    "Everybody is let in: by a policy, an address, or a guard against it that goes.",
  ),
  protectionWeakened: level("warn", "Encryption, retention or a guard gets weaker."),
  internetOpened: level("warn", "A way out to the internet opens."),
  wildcardGained: level("warn", "A permission with a wildcard is gained, or a denial with one is lost."),
  trustWidened: level("warn", "A role that is there can be assumed by more, or on another condition."),
  permissionUnknown: level(
    "warn",
    "A policy of a resource that is there names what is known after the apply alone.",
  ),
} as const;

const rules = z.strictObject({
  ...BY_RESOURCE,
  resourcesDestroyed: z
    .strictObject({
      level: level("warn", "More resources than that are destroyed or replaced by one plan."),
      above: whole(0, 100_000, "resources", { description: "" }).default(10),
    })
    .prefault({}),
  costRise: z
    .strictObject({
      level: level("warn", "A month costs more by that much, as far as there are figures."),
      aboveDollars: whole(0, 10_000_000, "USD a month", { description: "" }).default(100),
    })
    .prefault({}),
});

const exception = z.strictObject({
  rule: choice(Object.keys(BY_RESOURCE) as (keyof typeof BY_RESOURCE)[], { description: "" }),
  where: text(/^\S+ \S+$/, "a stack and an address such as prod-storage aws_sqs_queue.inputs", {
    description: "",
  }),
  reason: text(/\S+ \S+/, "a reason in words", { description: "" }),
});

const schema = z.strictObject({
  rules: z.record(z.string(), rules).default({}),
  exceptions: list(exception, 0, 1000, { description: "" }).default([]),
});

export type PlanPolicySettings = z.input<typeof schema>;
export type PolicyException = z.output<typeof exception>;
/** Rule that is broken by one resource, and can be excepted for it. */
export type ResourceRule = keyof typeof BY_RESOURCE;

/** What holds of one environment. */
export interface PlanPolicy extends z.output<typeof rules> {
  /** Of all environments: they name stacks. */
  readonly exceptions: readonly PolicyException[];
}

function level(fallback: Level, description: string) {
  return choice(LEVELS, { description }).default(fallback);
}

/**
 * Checks a policy, and tells what holds of an environment.
 * @param environments names of all
 * @throws EnvironmentsError with every problem
 */
export function parsePlanPolicy(
  settings: unknown,
  environment: string,
  environments: readonly string[],
): PlanPolicy {
  const parsed = schema.safeParse(settings, { reportInput: true });
  const problems = parsed.success
    ? unknownEnvironments(parsed.data, environments)
    : problemsOf("plan-policy", schema, parsed.error.issues);
  if (!parsed.success || problems.length > 0) throw new EnvironmentsError(problems);
  return { ...(parsed.data.rules[environment] ?? rules.parse({})), exceptions: parsed.data.exceptions };
}

/** What would hold of no environment, so that a name that is mistyped lets nothing through. */
function unknownEnvironments(
  { rules: named, exceptions }: z.output<typeof schema>,
  environments: readonly string[],
): string[] {
  const isKnown = (where: string) => environments.some((name) => where.startsWith(`${name}-`));
  return [
    ...Object.keys(named)
      .filter((name) => !environments.includes(name))
      .map((name) => `${placeOf("plan-policy", ["rules"])}: ${unknownKey(name, environments)}`),
    ...exceptions.flatMap(({ where }, index) =>
      isKnown(where)
        ? []
        : [
            expectedAt(
              placeOf("plan-policy", ["exceptions", index, "where"]),
              `a stack of one of ${environments.join(", ")}`,
              where,
            ),
          ],
    ),
  ];
}
