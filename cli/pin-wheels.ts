import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { command, runToExitCode } from "../setup/command";
import { ROOT } from "../setup/paths";
import { run } from "../setup/process";
import { ensurePython } from "../setup/python";
import { print, printError } from "../setup/terminal";

const GLUE = join(ROOT, "glue");

async function main(): Promise<number> {
  const { python } = await ensurePython("run", printError);
  const script = join(ROOT, "setup", "pin_wheels.py");
  const words = ["--project", join(GLUE, "pyproject.toml"), "--lock", join(GLUE, "requirements.lock")];
  const { exitCode, stdout, output } = await run([python, script, ...words]);
  if (exitCode !== 0) {
    printError(output.trim());
    return 1;
  }
  const list = join(GLUE, "wheels.json");
  writeFileSync(`${list}.draft`, stdout);
  renameSync(`${list}.draft`, list);
  print(`wrote ${JSON.parse(stdout).length} wheels to ${list}`);
  return 0;
}

command("pin-wheels", "Renew glue/wheels.json, the wheels of the Glue jobs, from glue/requirements.lock.")
  .action(() => runToExitCode(main))
  .parseAsync();
