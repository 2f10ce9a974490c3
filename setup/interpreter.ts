import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { SetUpError } from "./errors";
import { run } from "./process";

export interface Interpreter {
  readonly program: string;
  /** Three numbers, such as "3.11.7". */
  readonly version: string;
}

const OLDEST = [3, 11] as const;
// 3.11 first: it is what Glue 5.0 runs.
const NAMES = ["python3.11", "python3.12", "python3.13", "python3", "python"];
const PROBE = "import sys, venv, ensurepip; print('%d.%d.%d' % sys.version_info[:3])";

/**
 * Finds a Python of 3.11 or later that can make virtual environments: the one that TRIBUTARY_PYTHON names,
 * otherwise the first on PATH.
 * @throws SetUpError naming everything that was tried.
 */
export async function findInterpreter(environment: NodeJS.ProcessEnv = process.env): Promise<Interpreter> {
  const named = environment["TRIBUTARY_PYTHON"];
  const tried: string[] = [];
  for (const program of named ? [named] : candidates(environment["PATH"] ?? "")) {
    const found = await probe(program, environment);
    if (typeof found !== "string") return found;
    tried.push(`${program} ${found}`);
  }
  const found = tried.length === 0 ? "none on PATH" : tried.join("; ");
  const wayOut = named
    ? "correct or unset TRIBUTARY_PYTHON"
    : "install one, or name it by the variable TRIBUTARY_PYTHON";
  throw new SetUpError(`no Python of ${OLDEST.join(".")} or later with venv (found: ${found}); ${wayOut}`);
}

function candidates(path: string): string[] {
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).filter(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Probes `program`: returns the interpreter, or why it does not fit. */
async function probe(program: string, environment: NodeJS.ProcessEnv): Promise<Interpreter | string> {
  try {
    const { exitCode, output } = await run([program, "-c", PROBE], { environment });
    const lastLine = output.trim().split("\n").at(-1) ?? "";
    if (exitCode !== 0) return `does not run (${lastLine})`;
    return isRecent(lastLine) ? { program, version: lastLine } : `is ${lastLine}`;
  } catch (error) {
    return `does not start (${(error as Error).message})`;
  }
}

function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}
