import { type StdioOptions, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { command } from "../setup/command";
import { ROOT, WORKING_FOLDER } from "../setup/paths";
import { ensurePython } from "../setup/python";
import { print, printError } from "../setup/terminal";

const RESULTS = join(WORKING_FOLDER, "test-results");

/** Environment without the SDK's advice on Node versions, which would come before every test. */
const QUIET = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" };

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface Stage {
  readonly name: string;
  readonly command: readonly string[];
  readonly folder: string;
  /** Reads the runner's own result file; a runner that left none has failed. */
  readonly read: (exitCode: number) => Counts;
}

/** Folders of the tests that need no server, about half of the work: in one process all would take longest. */
const KERNELS = ["tests/kernels", "tests/conversion"];

const UNIT_EXCLUDES = ["/end-to-end/", "\\.(emulator|slow)\\.test\\.ts$"];

/**
 * Stages in groups that follow each other; those of a group run concurrently, and the output of the first is
 * shown immediately.
 */
function stages(python: string, unit: boolean): Stage[][] {
  if (unit) {
    return [
      [
        jest("jest", ["--maxWorkers=2", "--testPathIgnorePatterns", ...UNIT_EXCLUDES]),
        pytest("pytest", python, ["-m", "not slow"]),
      ],
    ];
  }
  const check: Stage = {
    name: "check",
    command: [process.execPath, "--import", "tsx", "cli/check.ts"],
    folder: ROOT,
    read: (exitCode) => ({ passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 }),
  };
  return [
    [check],
    // side by side, for all often wait: a deploy for the provider's own pauses, others for processes that start
    [
      jest("jest", ["--maxWorkers=2", "--testPathIgnorePatterns", "/end-to-end/"]),
      jest("jest end to end", ["--maxWorkers=2", "--testPathPatterns", "/end-to-end/"]),
      pytest("pytest kernels", python, KERNELS),
      pytest(
        "pytest",
        python,
        KERNELS.map((folder) => `--ignore=${folder}`),
      ),
    ],
  ];
}

function jest(name: string, words: readonly string[]): Stage {
  const file = join(RESULTS, `${name.replaceAll(" ", "-")}.json`);
  return {
    name,
    command: [join(ROOT, "node_modules", ".bin", "jest"), "--ci", "--json", "--outputFile", file, ...words],
    folder: ROOT,
    read: () => readJest(file),
  };
}

function readJest(file: string): Counts {
  const result = JSON.parse(readFileSync(file, "utf8"));
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests + result.numRuntimeErrorTestSuites,
    skipped: result.numPendingTests + result.numTodoTests,
  };
}

function pytest(name: string, python: string, words: readonly string[]): Stage {
  const file = join(RESULTS, `${name.replaceAll(" ", "-")}.xml`);
  return {
    name,
    command: [python, "-m", "pytest", "-q", `--junitxml=${file}`, ...words],
    folder: join(ROOT, "glue"),
    read: () => readJunit(file),
  };
}

function readJunit(file: string): Counts {
  const suite = /<testsuite [^>]*>/.exec(readFileSync(file, "utf8"))?.[0] ?? "";
  const count = (name: string) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? Number.NaN);
  const [failed, skipped] = [count("failures") + count("errors"), count("skipped")];
  return { passed: count("tests") - failed - skipped, failed, skipped };
}

/** Runs one stage; a runner that ends badly without a counted failure counts as one. */
async function runStage(stage: Stage, output: "shown" | "kept"): Promise<Counts> {
  const [program = "", ...words] = stage.command;
  if (output === "shown") print(`\n── ${stage.name}`);
  const stdio: StdioOptions = output === "shown" ? "inherit" : ["ignore", "pipe", "pipe"];
  const child = spawn(program, words, { cwd: stage.folder, env: QUIET, stdio });
  const kept: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => kept.push(chunk));
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
  if (output === "kept")
    print(`\n── ${stage.name}\n${stripVTControlCharacters(Buffer.concat(kept).toString())}`);
  const counts = readOrFail(stage, exitCode);
  const silent = exitCode !== 0 && counts.failed + counts.skipped === 0;
  return silent ? { ...counts, failed: 1 } : counts;
}

function readOrFail(stage: Stage, exitCode: number): Counts {
  try {
    return stage.read(exitCode);
  } catch (error) {
    printError(`${stage.name} left no readable result: ${String(error)}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

interface Result {
  readonly counts: Counts;
  readonly row: string;
}

async function timed(stage: Stage, output: "shown" | "kept"): Promise<Result> {
  const began = performance.now();
  const counts = await runStage(stage, output);
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  const { passed, failed, skipped } = counts;
  const row = `${stage.name.padEnd(18)} ${passed} passed, ${failed} failed, ${skipped} skipped (${seconds} s)`;
  return { counts, row };
}

async function main(unit: boolean): Promise<number> {
  rmSync(RESULTS, { recursive: true, force: true });
  mkdirSync(RESULTS, { recursive: true });
  const { python } = await ensurePython("dev", printError);
  const results: Result[] = [];
  for (const group of stages(python, unit)) {
    const running = group.map((stage, index) => timed(stage, unit || index > 0 ? "kept" : "shown"));
    results.push(...(await Promise.all(running)));
  }
  const sum = (name: keyof Counts) => results.reduce((total, { counts }) => total + counts[name], 0);
  const total = { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
  print(`\n${results.map(({ row }) => row).join("\n")}`);
  if (total.skipped > 0) printError(`${total.skipped} skipped: a skipped test counts as a failure here`);
  print(`${total.passed} passed, ${total.failed + total.skipped} failed`);
  return total.failed + total.skipped === 0 && total.passed > 0 ? 0 : 1;
}

command("test", "Run every test: checks, jest, pytest, and the platform end to end on the local emulator.")
  .option("--unit", "only the quick subset, under a minute (npm run test:unit)")
  .action(async ({ unit = false }: { unit?: boolean }) => {
    process.exitCode = await main(unit);
  })
  .parseAsync();
