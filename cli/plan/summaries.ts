import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readStacks } from "./configuration";
import { FILES } from "./plan-stacks";
import { withDriftAlone } from "./summary/drift";
import { render } from "./summary/markdown";
import type { StackPlan } from "./summary/stack-plan";
import { driftOf, type Heading, summaryOf } from "./summary/summary";

/** Characters that GitHub takes for a comment or an issue. */
const COMMENT_CHARACTERS = 65_536;

/**
 * Writes the summary of each stack and that of all, the latter also as a comment that GitHub takes, and so what drifted, in a file that
 * is empty where nothing did.
 * @param link address of the whole, for what is cut
 */
export function writeSummaries(
  out: string,
  plans: readonly StackPlan[],
  heading: Heading,
  link: string | undefined,
): void {
  for (const each of plans) {
    writeFileSync(join(out, each.stack, FILES.summary), render(summaryOf([each], heading)));
  }
  const summary = summaryOf(plans, heading);
  writeFileSync(join(out, FILES.summary), render(summary));
  const whole = link === undefined ? `\`${FILES.summary}\` in the folder of the plan.` : `<${link}>`;
  writeFileSync(join(out, FILES.comment), render(summary, COMMENT_CHARACTERS, whole));
  const drift = driftOf(driftAlone(out, plans));
  const drifted = { head: `## Drift of ${heading.environment}`, sections: [{ ...drift, isFolded: false }] };
  const text = drift.rows.length === 0 ? "" : render(drifted, COMMENT_CHARACTERS, whole);
  writeFileSync(join(out, FILES.drift), text);
}

function driftAlone(out: string, plans: readonly StackPlan[]): StackPlan[] {
  return readStacks(join(out, FILES.synthesis)).flatMap((stack) =>
    plans.filter((plan) => plan.stack === stack.name).map((plan) => withDriftAlone(plan, stack)),
  );
}
