import { checkFolder, DatasetsError, folderOf } from "../datasets/schema/check";
import { runToExitCode } from "../setup/command";
import { printError } from "../setup/terminal";
import { runPythonModule } from "./python-module";

const WRONG_USAGE = 2;

// Checks the declaration, then parses and transforms local files as the job would.
runToExitCode(async () => {
  const from = process.env["INIT_CWD"] ?? process.cwd();
  const folder = process.argv.slice(2).flatMap((word) => folderOf(word, from) ?? [])[0];
  const findings = folder === undefined ? [] : checkFolder(folder);
  if (findings.length === 0) return runPythonModule("tributary.try_dataset");
  printError(new DatasetsError(findings).message);
  return WRONG_USAGE;
});
