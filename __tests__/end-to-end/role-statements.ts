import { readFileSync } from "node:fs";
import { join } from "node:path";
import { STATEMENTS } from "../../local/emulator/emulator";
import type { Exception } from "../checks/reviewed";
import type { TestPlatform } from "../support/local-platform";
import { resourcesOf, statementsOf } from "../support/resources";
import { type StackJson, stacksOf } from "../support/synthesize";

/** Statements that no request of the end-to-end tests needs, each with the reason why it stays. */
export const UNUSED: readonly Exception[] = [];

/** Statements of the local environment's roles, as `role Sid`. */
export function roleStatements(): string[] {
  return [...stacksOf("local").values()].flatMap((stack) => [
    ...resourcesOf(stack, "aws_iam_role_policy").flatMap(([, policy]) =>
      named(stack, policy["role"], policy),
    ),
    ...resourcesOf(stack, "aws_iam_role_policy_attachment").flatMap(([, attachment]) =>
      named(stack, attachment["role"], referred(stack, attachment["policy_arn"])),
    ),
  ]);
}

function named(stack: StackJson, role: unknown, policy: Readonly<Record<string, unknown>>): string[] {
  const { name } = referred(stack, role);
  return statementsOf(policy["policy"]).map(({ Sid }) => `${name} ${Sid}`);
}

/** Resource that a reference such as `${aws_iam_role.trigger.name}` is of. */
function referred(stack: StackJson, reference: unknown): Readonly<Record<string, unknown>> {
  const [, type = "", id = ""] = /^\$\{(\w+)\.([^.]+)\.\w+\}$/.exec(String(reference)) ?? [];
  const found = stack.resource[type]?.[id];
  if (found === undefined) throw new Error(`${reference}: expected a resource of the same stack`);
  return found;
}

/** Statements that decided a request so far, as `role Sid`. */
export function usedStatements({ output }: TestPlatform): ReadonlySet<string> {
  const lines = readFileSync(join(output, "aws", STATEMENTS), "utf8")
    .trimEnd()
    .split("\n");
  return new Set(lines.map((line) => JSON.parse(line)).map(({ role, sid }) => `${role} ${sid}`));
}
