import { readFileSync } from "node:fs";
import { join } from "node:path";
import { STATEMENTS } from "../../local/emulator/emulator";
import type { Exception, Finding } from "../checks/reviewed";
import type { TestPlatform } from "../support/local-platform";
import { resourcesOf, statementsOf } from "../support/resources";
import { type StackJson, stacksOf } from "../support/stacks";

const UNUSED_STATEMENT = "unused-statement";

/** Statements that decide no request in the end-to-end tests, each with the reason why it stays. */
export const UNUSED: readonly Exception[] = [
  // what a service does in the role's name, and the emulator inside itself
  unused(/\S+ WriteOwnLogs/, "Lambda writes the logs of a function"),
  unused(/\S+ KeepFailedEvents/, "Lambda sends the events that a function failed on"),
  unused(/\S+-schedule InvokeFunction/, "EventBridge Scheduler invokes"),
  unused(/\S+ Use(Code|Data|Message)Key/, "S3 and SQS ask KMS; the emulator's keep no key from anybody"),
  unused(/\S+ WriteJobMetrics/, "Glue itself puts the metrics of a run"),
  // in the VPC, of which the emulator has no network
  unused(/\S+ (MakeOwn|Find)NetworkInterfaces/, "Lambda joins a function to the subnets"),
  unused(/ledger-\S+ (ReadConnections|FindNetwork)/, "Glue looks up the subnets of a job"),
  unused(/ledger-\S+ (Make|Tag|Remove)NetworkInterfaces/, "Glue joins a job to the subnets"),
  unused(/ledger-\S+ DenyInterfacesToCode/, "it is against code of others, of which there is none here"),
  // files that these tests do not send, and failures that they do not bring about
  unused(
    /\S+ TellMissingFromForbidden/,
    "S3 asks for it where a key is missing; the emulator answers 404 to everybody",
  ),
  unused(
    /(uploads-job|manifests-(builder|stream)|ledger-batch) ReadRawKey/,
    "it is asked for a file under a key of its sender's: unreadable.test.ts, test_batch_unreadable.py",
  ),
  unused(
    /(manifests-(builder|stream)|ledger-batch) QuarantineFiles/,
    "for files that are no JSON, too large or unreadable, which the tests of each job send",
  ),
  unused(/uploads-trigger ForgetRequest/, "for a start that Glue refuses for good: register-uploads.test.ts"),
  unused(
    /declared-columns AddColumns/,
    "for a column that is declared when its table stands already; that it does, a read tells, which the emulator asks of the catalog",
  ),
  unused(/ledger-batch AdmitColumns/, "for undeclared keys, of which the raw JSON files here have none"),
];

function unused(where: RegExp, reason: string): Exception {
  return { rule: UNUSED_STATEMENT, where: new RegExp(`tributary-local-(?:${where.source})`), reason };
}

/** Finding for each statement of the local environment's roles that decided no request so far. */
export function unusedStatements(platform: TestPlatform): Finding[] {
  const used = usedStatements(platform);
  return roleStatements()
    .filter((statement) => !used.has(statement))
    .map((where) => ({ rule: UNUSED_STATEMENT, where }));
}

/** Statements of the local environment's roles, as `role Sid`. */
function roleStatements(): string[] {
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
function usedStatements(platform: TestPlatform): ReadonlySet<string> {
  return new Set(decisions(platform).map(({ role, sid }) => `${role} ${sid}`));
}

interface Decision {
  readonly role: string;
  readonly sid: string;
  readonly action: string;
}

/** The first decision of each statement about each action. */
export function decisions({ output }: Pick<TestPlatform, "output">): Decision[] {
  const lines = readFileSync(join(output, "aws", STATEMENTS), "utf8")
    .trimEnd()
    .split("\n");
  return lines.map((line) => JSON.parse(line));
}
