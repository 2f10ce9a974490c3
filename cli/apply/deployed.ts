import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Layer, stackName } from "../../environments/schema";
import { WORKING_FOLDER } from "../../setup/paths";
import { readStacks, type SynthesizedStack } from "../plan/configuration";
import { withoutPlan } from "../plan/plan-stacks";
import { outcomeOf } from "../plan/summary/outcome";
import { WorkingFolder } from "../plan/terraform";
import { lackingOutputs, readConfigurations } from "../removal/configurations";
import type { State } from "../removal/states";
import { type Judging, refusalsOfChanges } from "./refusals";

/** What a deploy would change, and with what Terraform runs. */
export interface Deploying extends Judging {
  /** What is deployed. */
  readonly states: ReadonlyMap<Layer, State>;
  /** Folder of the synthesized stacks. */
  readonly output: string;
  readonly variables: NodeJS.ProcessEnv;
  readonly report: (line: string) => void;
}

/**
 * Plans stacks that are deployed, side by side, and holds what comes of it against the policy and what may be lost. What others changed
 * by hand is not looked for: a deploy tells that itself.
 * @returns reasons not to deploy, a line each
 */
export async function refusalsToDeploy(deploying: Deploying): Promise<string[]> {
  const { environment, output, variables, report } = deploying;
  const names = plannableLayers(deploying).map((layer) => stackName(environment, layer));
  const stacks = readStacks(output).filter(({ name }) => names.includes(name));
  mkdirSync(WORKING_FOLDER, { recursive: true });
  // plans have secrets in clear
  const scratch = mkdtempSync(join(WORKING_FOLDER, "plans-"));
  try {
    const planning = stacks.map((stack) => planOf(stack, join(scratch, stack.name), variables));
    const planned = await Promise.all(planning);
    const judged = planned.flatMap(({ stack, plan }) => {
      if (plan.json !== undefined) return [{ stack, changes: plan.json }];
      report(
        `${stack.name} is not held against the policy: ${outcomeOf({ ...withoutPlan(stack), ...plan })}`,
      );
      return [];
    });
    return refusalsOfChanges(judged, deploying);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Layers that are deployed, and read nothing that is not: the others cannot be planned yet. */
function plannableLayers({ environment, states, output, report }: Deploying): Layer[] {
  const configurations = readConfigurations(output, environment);
  return [...states.keys()].filter((layer) => {
    const lacking = lackingOutputs(environment, [layer], states, configurations);
    if (lacking.length > 0)
      report(`not held against the policy, as what it reads is not deployed: ${lacking.join(", ")}`);
    return lacking.length === 0;
  });
}

async function planOf(stack: SynthesizedStack, file: string, variables: NodeJS.ProcessEnv) {
  // where cdktf finds the provider again
  const working = new WorkingFolder(stack.folder, join(stack.folder, ".terraform"), variables);
  const problems = await working.initialize();
  return {
    stack,
    plan: problems.length > 0 ? { diagnostics: problems } : await working.plan(file, "-refresh=false"),
  };
}
