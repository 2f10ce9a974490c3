import { resolve } from "node:path";
import { command } from "../setup/command";
import { ROOT } from "../setup/paths";
import { print, printError } from "../setup/terminal";
import { Interrupted } from "./process/child";
import { type RunOptions, runPlatform } from "./run";

const EXIT_FAILED = 1;
const EXIT_INTERRUPTED = 130;

const SAMPLES = "local/samples";
const RUNS = ".tributary/runs";

interface Flags {
  readonly input: readonly string[];
  readonly query: readonly string[];
  readonly output?: string;
  readonly report?: string;
  readonly keep?: boolean;
}

/** Parses the options. The user's paths are relative to the folder where npm was called, ours to the checkout. */
function optionsOf({ input, query, output, report, keep = false }: Flags): RunOptions {
  const here = process.env["INIT_CWD"] ?? process.cwd();
  return {
    input: input.map((folder) => resolve(here, folder)),
    samples: {
      customers: resolve(ROOT, SAMPLES, "customers"),
      ml_events: resolve(ROOT, SAMPLES, "ml_events"),
    },
    ...(query.length === 0 ? {} : { queries: query }),
    output: output === undefined ? resolve(ROOT, RUNS, runName()) : resolve(here, output),
    ...(report === undefined ? {} : { report: resolve(here, report) }),
    keep,
    words: process.argv.slice(2),
  };
}

/** Gathers the values of an option that may come several times. */
function collected(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

/** Name of a run, unique also when two runs start concurrently. */
function runName(): string {
  return `${new Date().toISOString().replace(/[:.]/g, "-")}-${process.pid}`;
}

/** Aborts at the first SIGINT, SIGTERM or SIGHUP; later ones find the stop under way and change nothing. */
function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) return;
      print("\nstopping…");
      controller.abort(new Interrupted(name));
    });
  }
  return controller.signal;
}

// Nothing of the user's own AWS settings may reach the emulator's clients.
for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
// The SDK's advice on Node versions is not the reader's concern here.
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";

async function main(flags: Flags): Promise<number> {
  const signal = abortOnSignals();
  try {
    return (await runPlatform(optionsOf(flags), signal)) ? 0 : EXIT_FAILED;
  } catch (error) {
    if (signal.aborted) return EXIT_INTERRUPTED;
    printError(`\n${error instanceof Error ? error.message : String(error)}`);
    return EXIT_FAILED;
  }
}

command(
  "start",
  "Run the whole platform on this machine: apply the five stacks of the local environment to an AWS emulator, " +
    "upload files, and show what became of every row.",
)
  .option(
    "--input <folder>",
    "upload your own files instead of the samples, of any declared dataset; again: these after those, once they are done",
    collected,
    [],
  )
  .option("--query <sql>", "ask the tables through Athena at the end; again: one more", collected, [])
  .option("--output <folder>", `where logs and results of this run go (default: a new one below ${RUNS})`)
  .option("--report <file>", "write the figures of the run as JSON")
  .option("--keep", "leave the platform up until Ctrl-C and print how to reach it")
  .addHelpText(
    "after",
    "\nExit code 0: every row is accounted for; 1: one is not, or a step or query failed; 2: wrong usage; 130: Ctrl-C.",
  )
  .action(async (flags: Flags) => {
    process.exitCode = await main(flags);
  })
  .parseAsync();
