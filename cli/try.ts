import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensurePython } from "./setup/python";

const GLUE = join(__dirname, "..", "glue");

/** Parses and transforms local files as the job would; all arguments are read by the Python module. */
async function main(): Promise<number> {
  const { python } = await ensurePython("run", (message) => console.error(message));
  const { status, error } = spawnSync(
    python,
    ["-m", "tributary.try_dataset", ...process.argv.slice(2)],
    // Files are named relative to where npm was called, so the package is found by its path instead.
    {
      cwd: process.env["INIT_CWD"] ?? process.cwd(),
      env: { ...process.env, PYTHONPATH: GLUE },
      stdio: "inherit",
    },
  );
  if (error) throw error;
  return status ?? 1;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
