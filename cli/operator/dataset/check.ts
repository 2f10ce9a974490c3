import { basename } from "node:path";
import {
  checkFolder,
  checkFolders,
  declaredFolders,
  type Finding,
  folderOf,
  shown,
} from "../../../datasets/schema/check";
import { leftOutProblems } from "../../../datasets/schema/left-out";
import { loadEnvironments } from "../../../environments/schema";
import { expectedAt } from "../../../runtime/expected";
import { UsageError } from "../command/errors";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Terminal } from "../command/terminal";

export interface CheckOptions {
  /** A declared dataset, or a folder that declares one. @default - all, and whether environments have them */
  readonly name?: string;
  /** Environment that is to have all of them. @default - each */
  readonly environment?: string;
}

/** Shows every problem of the declarations, and of the environments that are to have them. */
export function check(terminal: Terminal, { name, environment }: CheckOptions): ExitCode {
  const [count, problems] =
    name === undefined ? checkAll(environment) : [1, checkFolder(existing(name)).map(told)];
  const nothing = `${count} ${count === 1 ? "dataset" : "datasets"}, no problem`;
  terminal.show(
    { datasets: count, problems: problems.map(([, problem]) => problem) },
    problems.map(([line]) => line).join("\n") || nothing,
  );
  return problems.length > 0 ? EXIT.failed : EXIT.ok;
}

/** Problem as a line, and as JSON. */
type Told = readonly [string, Pick<Finding, "file" | "message">];

function checkAll(environment: string | undefined): [number, Told[]] {
  const folders = declaredFolders();
  const { datasets, findings } = checkFolders(folders);
  const environments = loadEnvironments(environment === undefined ? undefined : [environment]);
  // what a broken declaration says about its pipeline is not known
  const settings = findings.length > 0 ? [] : environments.flatMap((each) => leftOutProblems(each, datasets));
  return [folders.length, [...findings.map(told), ...settings.map(ofEnvironment)]];
}

function told(finding: Finding): Told {
  return [shown(finding), finding];
}

function ofEnvironment(problem: string): Told {
  const [file = "", ...message] = problem.split(": ");
  return [problem, { file, message: message.join(": ") }];
}

/** Finds the folder that a dataset is declared in. */
export function existing(name: string): string {
  const folder = folderOf(name, process.env["INIT_CWD"] ?? process.cwd());
  if (folder !== undefined) return folder;
  const names = declaredFolders().map((each) => basename(each));
  throw new UsageError(
    expectedAt("NAME", `one of ${names.join(", ")}, or a folder with a dataset.json`, name),
  );
}
