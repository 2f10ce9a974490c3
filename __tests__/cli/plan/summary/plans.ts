import type { Action, Change, PlanJson, ResourceChange } from "../../../../cli/plan/plan-json";
import { render } from "../../../../cli/plan/summary/markdown";
import type { StackPlan } from "../../../../cli/plan/summary/stack-plan";
import { type Heading, summaryOf } from "../../../../cli/plan/summary/summary";
import { loadEnvironment, loadPlanPolicy } from "../../../../environments/schema";

type Values = Readonly<Record<string, unknown>> | null;

/** Change of a resource: none before is a creation, none after its end. */
export function change(before: Values, after: Values, further: Partial<Change> = {}): Change {
  const actions: readonly Action[] = before === null ? ["create"] : after === null ? ["delete"] : ["update"];
  return { actions, before, after, ...further };
}

/** Replacement by the attributes at `paths`. */
export function replacement(before: Values, after: Values, ...paths: readonly string[]): Change {
  return change(before, after, {
    actions: ["delete", "create"],
    replace_paths: paths.map((path) => path.split(".")),
  });
}

/** Resource of a plan, named as in `aws_s3_bucket.raw`. */
export function resource(address: string, of: Change, further: Partial<ResourceChange> = {}): ResourceChange {
  const [type = "", name = ""] = address.split(/[.[]/);
  return { address, mode: "managed", type, name, change: of, ...further };
}

export function planOf(
  resources: readonly ResourceChange[],
  further: Partial<StackPlan> = {},
  json: Partial<PlanJson> = {},
): StackPlan {
  return {
    stack: "dev-storage",
    guarded: new Set(),
    secrets: [],
    diagnostics: [],
    reads: [],
    waitsFor: [],
    json: { terraform_version: "1.11.4", resource_changes: resources, ...json },
    ...further,
  };
}

/** Rows of the section under a heading that begins so, each with its cells. */
export function rowsOf(text: string, heading: string): string[][] {
  const [, section = ""] = text.split(new RegExp(`^(?:### |<details><summary>)${heading}.*\n`, "m"));
  const [body = ""] = section.split(/^(?:### |<details>|<\/details>)/m);
  return body
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .slice(2)
    .map((line) => line.slice(2, -2).split(" | "));
}

/** What a summary says of itself besides its plans. */
export const HEADING: Heading = {
  environment: loadEnvironment("dev"),
  policy: loadPlanPolicy("dev"),
  uncommitted: [],
};

export function textOf(...plans: readonly StackPlan[]): string {
  return render(summaryOf(plans, HEADING));
}
