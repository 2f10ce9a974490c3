import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { Command } from "commander";
import { ensurePython } from "./setup/python";

const ROOT = join(__dirname, "..");

interface Check {
  readonly name: string;
  readonly command: readonly string[];
  readonly folder: string;
}

/** The checks in the order of their speed; with `fix`, only those that can repair, repairing. */
function checks(python: string, fix: boolean): Check[] {
  const glue = join(ROOT, "glue");
  const node = (name: string, ...command: string[]) => ({
    name,
    command: ["npx", "--no", ...command],
    folder: ROOT,
  });
  const module = (name: string, ...command: string[]) => ({
    name,
    command: [python, "-m", ...command],
    folder: glue,
  });
  if (fix) {
    return [
      node("biome", "biome", "check", "--write", "."),
      module("ruff", "ruff", "check", "--fix", "."),
      module("ruff format", "ruff", "format", "."),
    ];
  }
  return [
    node("biome", "biome", "check", "--error-on-warnings", "."),
    node("tsc", "tsc", "-p", "."),
    module("ruff", "ruff", "check", "."),
    module("ruff format", "ruff", "format", "--check", "."),
    module("mypy", "mypy"),
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
  const { status, error } = spawnSync(program, words, { cwd: check.folder, stdio: "inherit" });
  if (error) throw error;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${status === 0 ? "✓" : "✗"} ${check.name} (${seconds} s)`);
  return status === 0;
}

new Command("npm run check --")
  .description("Check format, lint, import directions and types of the TypeScript and Python code.")
  .option("--fix", "repair what can be repaired (npm run fix)", false)
  .action(async ({ fix }: { fix: boolean }) => {
    process.exitCode = await main(fix);
  })
  .parseAsync();
