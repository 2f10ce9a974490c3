import { expectedAt } from "../../runtime/expected";
import * as files from "../files";
import { planPolicy } from "../plan-policy";
import { type Environment, parseEnvironment } from "./environment";
import { overlapProblems } from "./overlaps";
import { type PlanPolicy, parsePlanPolicy } from "./plan-policy";
import { EnvironmentsError } from "./problems";

export type { Environment, EnvironmentSettings } from "./environment";
export { APPLIED_SETTINGS, flatSettings } from "./flat-settings";
export { neededExecutions, reservedExecutions, UNRESERVED_EXECUTIONS } from "./functions";
export { POSTGRES_VERSION } from "./ledger";
export * from "./names";
export * from "./pipelines";
export { type Level, type PlanPolicy, POLICY_FILE, type ResourceRule } from "./plan-policy";
export { EnvironmentsError } from "./problems";
export { MONTH_HOURS } from "./usage";
export { LISTER_WORKERS, type RunSize, WORKER_PROFILES, type WorkerProfile, type Workers } from "./workers";

const known = new Map<string, unknown>(Object.entries(files));

/** Names of all environments. */
export function environmentNames(): string[] {
  return [...known.keys()].sort();
}

/**
 * Loads the checked environment of that name.
 *
 * @throws EnvironmentsError when there is none, or with all its problems
 */
export function loadEnvironment(name: string): Environment {
  if (!known.has(name)) {
    throw new EnvironmentsError([expectedAt("environment", `one of ${environmentNames().join(", ")}`, name)]);
  }
  const problems = overlapProblems(name, known);
  if (problems.length > 0) throw new EnvironmentsError(problems);
  return parseEnvironment(name, known.get(name));
}

/**
 * Loads the checked environments of those names.
 *
 * @throws EnvironmentsError with the problems of all of them together
 */
export function loadEnvironments(names: readonly string[] = environmentNames()): Environment[] {
  const results = names.map((name) => attempt(name));
  const problems = results.flatMap((result) => (result instanceof EnvironmentsError ? result.problems : []));
  if (problems.length > 0) throw new EnvironmentsError(problems);
  return results.filter((result) => !(result instanceof EnvironmentsError)) as Environment[];
}

function attempt(name: string): Environment | EnvironmentsError {
  try {
    return loadEnvironment(name);
  } catch (error) {
    if (error instanceof EnvironmentsError) return error;
    throw error;
  }
}

/**
 * Loads what plans of an environment must not do.
 *
 * @throws EnvironmentsError with all problems of the policy
 */
export function loadPlanPolicy(environment: string): PlanPolicy {
  return parsePlanPolicy(planPolicy, environment, environmentNames());
}
