import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { command, runToExitCode } from "../setup/command";
import { ROOT } from "../setup/paths";
import { ensurePython } from "../setup/python";

interface Check {
  readonly name: string;
  readonly command: readonly string[];
}

/** Python outside of glue/, held to the same rules. */
const SCRIPTS = ["local", "setup", "bench"];
const NATIVE = "glue/native";
const RUFF = ["--config", "glue/pyproject.toml", "glue", ...SCRIPTS];

/** The checks in the order of their speed; with `fix`, only those that can repair, repairing. */
function checks(python: string, fix: boolean): Check[] {
  const node = (name: string, ...words: string[]) => ({
    name,
    command: [join(ROOT, "node_modules", ".bin", name), ...words],
  });
  const module = (name: string, ...words: string[]) => ({ name, command: [python, "-m", ...words] });
  if (fix) {
    return [
      node("biome", "check", "--write", "."),
      module("ruff", "ruff", "check", "--fix", ...RUFF),
      module("ruff format", "ruff", "format", ...RUFF),
      module("zig fmt", "ziglang", "fmt", NATIVE),
    ];
  }
  return [
    node("biome", "check", "--error-on-warnings", "."),
    node("tsc", "-p", "."),
    module("ruff", "ruff", "check", ...RUFF),
    module("ruff format", "ruff", "format", "--check", ...RUFF),
    module("zig fmt", "ziglang", "fmt", "--check", NATIVE),
    module("mypy", "mypy", "--config-file", "glue/pyproject.toml"),
  ];
}

async function main(fix: boolean): Promise<number> {
  const { python } = await ensurePython("dev", (message) => console.error(message));
  const failed = checks(python, fix).filter((check) => !passes(check));
  if (failed.length === 0) return 0;
  console.error(`failed: ${failed.map((check) => check.name).join(", ")}`);
  if (!fix)
    console.error("npm run fix repairs formatting, import order and what else can be repaired safely");
  return 1;
}

function passes(check: Check): boolean {
  const [program = "", ...words] = check.command;
  const began = performance.now();
  const { status, error } = spawnSync(program, words, { cwd: ROOT, stdio: "inherit" });
  if (error) throw error;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${status === 0 ? "✓" : "✗"} ${check.name} (${seconds} s)`);
  return status === 0;
}

command("check", "Check format, lint, import directions and types of the TypeScript and Python code.")
  .option("--fix", "repair what can be repaired (npm run fix)")
  .action(({ fix = false }: { fix?: boolean }) => runToExitCode(() => main(fix)))
  .parseAsync();
