import { PYTHONPATH } from "../setup/paths";
import { type RunResult, run, runOnTerminal } from "../setup/process";
import { ensurePython } from "../setup/python";
import { printError } from "../setup/terminal";

/** Runs a Python module with this process's arguments, and gives its exit code. */
export async function runPythonModule(module: string): Promise<number> {
  const { python } = await ensurePython("run", printError);
  // On an interrupt the module ends by itself, having said what it has.
  process.on("SIGINT", () => {});
  return runOnTerminal([python, "-m", module, ...process.argv.slice(2)], surroundings());
}

/** Runs a Python module to its end. */
export async function pythonOutput(module: string, words: readonly string[]): Promise<RunResult> {
  const { python } = await ensurePython("run", printError);
  return run([python, "-m", module, ...words], surroundings());
}

/** Files are named relative to where npm was called, so the package is found by its path instead. */
function surroundings() {
  return {
    folder: process.env["INIT_CWD"] ?? process.cwd(),
    environment: { ...process.env, PYTHONPATH },
  };
}
