/** Datasets whose pipeline an environment leaves off: nobody would take their files, so it has to name them. */
import { type Environment, EnvironmentsError, hasPipeline } from "../../environments/schema";
import { placeOf } from "../../environments/schema/problems";
import { expectedAt } from "../../runtime/expected";
import { isSmoke } from "../../runtime/smoke";
import type { Dataset } from "./dataset";

type LeavingOut = Pick<Environment, "name" | "pipelines" | "datasets">;
type Declared = Pick<Dataset, "name" | "pipeline">;

/** Finds datasets that an environment leaves out without a word, and words about none that it leaves out. */
export function leftOutProblems(environment: LeavingOut, datasets: readonly Declared[]): string[] {
  const { leftOut } = environment.datasets;
  const off = datasets.filter(({ name, pipeline }) => !isSmoke(name) && !hasPipeline(environment, pipeline));
  const missing = off.filter(({ name }) => !leftOut.includes(name));
  const needless = leftOut.filter((name) => !off.some((each) => each.name === name));
  const where = placeOf(environment.name, ["datasets", "leftOut"]);
  return [
    ...missing.map(({ name, pipeline }) => {
      const wanted = `a list with ${JSON.stringify(name)}, or ${pipeline} in pipelines (nobody here takes files of that dataset)`;
      return expectedAt(where, wanted, leftOut);
    }),
    ...needless.map((name) => {
      const wanted = `only datasets whose pipeline is off here: ${off.map((each) => each.name).join(", ") || "there is none"}`;
      return expectedAt(where, wanted, name);
    }),
  ];
}

/**
 * Checks that each environment names the datasets that it leaves out.
 *
 * @throws EnvironmentsError where one does not
 */
export function checkLeftOut(environments: readonly LeavingOut[], datasets: readonly Declared[]): void {
  const problems = environments.flatMap((environment) => leftOutProblems(environment, datasets));
  if (problems.length > 0) throw new EnvironmentsError(problems);
}
