import { join } from "node:path";
import { ROOT, WORKING_FOLDER } from "./paths";
import { ensurePython, type PythonEnvironment } from "./python";

/** Programs and data that judge the stacks and the workflows, each with versions of packages that the project's own refuse. */
export type Checker = "checkov" | "moto" | "policy-sentry" | "zizmor";

/**
 * Makes the virtual environment of one checker, on its first use and after a change of its lock.
 * @throws SetUpError where no Python fits or the installation fails.
 */
export function ensureChecker(
  checker: Checker,
  report: (message: string) => void,
): Promise<PythonEnvironment> {
  const lock = join(ROOT, "setup", "checkers", `${checker}.lock`);
  const folder = join(WORKING_FOLDER, "checkers", checker);
  return ensurePython("run", report, { folder, locks: { run: lock, dev: lock } });
}
