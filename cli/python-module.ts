import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { ROOT } from "../setup/paths";
import { ensurePython } from "../setup/python";

/** Search path of modules: those of glue/ by their own names, others by their folders'. */
const PYTHONPATH = [join(ROOT, "glue"), ROOT].join(delimiter);

/** Runs a Python module with this process's arguments, and returns its exit code. */
export async function runPythonModule(module: string): Promise<number> {
  const { python } = await ensurePython("run", (message) => console.error(message));
  // On an interrupt the module ends by itself, having said what it has.
  process.on("SIGINT", () => {});
  const { status, error } = spawnSync(python, ["-m", module, ...process.argv.slice(2)], {
    // Files are named relative to where npm was called, so the package is found by its path instead.
    cwd: process.env["INIT_CWD"] ?? process.cwd(),
    env: { ...process.env, PYTHONPATH },
    stdio: "inherit",
  });
  if (error) throw error;
  return status ?? 1;
}
