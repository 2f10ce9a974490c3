import type { StackJson } from "../../support/stacks";
import type { Exception } from "../reviewed";

type Attributes = Record<string, unknown>;

interface LifecycleRule extends Attributes {
  readonly filter: readonly {
    readonly prefix?: string;
    readonly and?: readonly { readonly prefix: string }[];
  }[];
}

/** Something that moto 5.2 refuses and AWS takes, and what the stack is without it. */
export interface Gap {
  readonly reason: string;
  readonly stack: string;
  /** Type of the resources in question. */
  readonly type: string;
  /** Arguments that are other there; undefined leaves one out. */
  readonly change: (attributes: Attributes) => Attributes;
}

/** Gaps in what it takes. */
export const REFUSED: readonly Gap[] = [
  {
    reason: "it knows no redrive_allow_policy, and the provider waits for one until it gives up",
    stack: "storage",
    type: "aws_sqs_queue",
    change: () => ({ redrive_allow_policy: undefined }),
  },
  {
    reason:
      "it tells bucket policies nothing of a request, so that any condition refuses; and logging is taken only " +
      "where the target's policy names all objects, in a text and not in a list, and no principal is a text",
    stack: "storage",
    type: "aws_s3_bucket_policy",
    change: ({ policy }) => ({ policy: withoutConditions(String(policy)) }),
  },
  {
    reason: "it gives no tags back of a rule with a prefix and tags, and the provider waits for them",
    stack: "storage",
    type: "aws_s3_bucket_lifecycle_configuration",
    change: ({ rule }) => ({ rule: (rule as LifecycleRule[]).map(byPrefix) }),
  },
];

/** Gaps in what it answers, by which a plan after the apply is not empty: `stack address arguments`. */
export const DRIFT: readonly Exception[] = [
  {
    rule: "update",
    where: /network aws_vpc_security_group_(in|e)gress_rule\.\S+ description/,
    reason: "it keeps the description of a rule for addresses alone, not of one for groups and prefix lists",
  },
  {
    rule: "update",
    where: /ledger aws_lambda_function\.migrator_function_\w+ logging_config/,
    reason: "it does not keep the log group of a function",
  },
];

function byPrefix(rule: LifecycleRule): LifecycleRule {
  const [{ and: [both] = [] } = {}] = rule.filter;
  return both === undefined ? rule : { ...rule, filter: [{ prefix: both.prefix }] };
}

/** The policy with statements of the same actions that allow, whoever asks for whichever object. */
function withoutConditions(policy: string): string {
  const { Statement, ...rest } = JSON.parse(policy);
  return JSON.stringify({ ...rest, Statement: (Statement as Attributes[]).map(withoutCondition) });
}

function withoutCondition({ Condition, Principal, Resource, ...statement }: Attributes): Attributes {
  const [resource = ""] = [Resource].flat().map(String);
  return {
    ...statement,
    Effect: "Allow",
    Principal: Principal === "*" ? { AWS: "*" } : Principal,
    Resource: resource.replace(/\/.*$/, "/*"),
  };
}

/**
 * Returns the stack as moto takes it.
 * @throws Error where a gap changes nothing of it, and so is none any more
 */
export function asTaken(name: string, stack: StackJson): StackJson {
  return REFUSED.filter((gap) => gap.stack === name).reduce(changed, stack);
}

function changed(stack: StackJson, { type, change, reason }: Gap): StackJson {
  const before = stack.resource[type] ?? {};
  const entries = Object.entries(before).map(([id, each]) => [id, { ...each, ...change({ ...each }) }]);
  const after = Object.fromEntries(entries);
  if (JSON.stringify(after) === JSON.stringify(before)) {
    throw new Error(`${type}: expected something to change, for ${reason}`);
  }
  return { ...stack, resource: { ...stack.resource, [type]: after } };
}
