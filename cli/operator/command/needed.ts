import type { Environment, Pipeline } from "../../../environments/schema";
import { CommandError } from "../../../setup/errors";
import type { ExitCode } from "./exit-codes";
import type { Operator } from "./operator";

/**
 * Checks that the environment has one of these pipelines.
 *
 * @throws CommandError where all of them are off
 */
export function checkOn({ name, pipelines }: Environment, ...wanted: readonly Pipeline[]): void {
  if (wanted.some((each) => pipelines.includes(each))) return;
  const [what, verb] = wanted.length === 1 ? ["pipeline", "is"] : ["pipelines", "are"];
  throw new CommandError(
    `${name}: the ${what} ${wanted.join(" and ")} ${verb} off (environments/${name}.ts: pipelines, which has ${pipelines.join(", ")})`,
  );
}

/** Makes the work of a command that needs a pipeline. */
export function needing<Rest extends readonly unknown[]>(
  pipeline: Pipeline,
  work: (operator: Operator, ...rest: Rest) => Promise<ExitCode>,
): (operator: Operator, ...rest: Rest) => Promise<ExitCode> {
  return async (operator, ...rest) => {
    checkOn(operator.environment, pipeline);
    return work(operator, ...rest);
  };
}
