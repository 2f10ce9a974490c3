import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensurePython } from "./setup/python";

const GLUE = join(__dirname, "..", "glue");

/** Compares the native NDJSON kernel with the plain one; all arguments are read by the Python module. */
async function main(): Promise<number> {
  const { python } = await ensurePython("run", (message) => console.error(message));
  // The module ends on an interrupt by itself, with its figures.
  process.on("SIGINT", () => {});
  const { status, error } = spawnSync(python, ["-m", "tests.fuzz", ...process.argv.slice(2)], {
    cwd: process.env["INIT_CWD"] ?? process.cwd(),
    env: { ...process.env, PYTHONPATH: GLUE },
    stdio: "inherit",
  });
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
