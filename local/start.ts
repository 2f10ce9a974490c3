import { resolve } from "node:path";
import { Command } from "commander";
import { Interrupted } from "./child";
import { type RunOptions, runPlatform } from "./run";

const EXIT_FAILED = 1;
const EXIT_INTERRUPTED = 130;

interface Flags {
  readonly input: string;
  readonly output: string;
  readonly report?: string;
  readonly keep: boolean;
}

function optionsOf(flags: Flags): RunOptions {
  return {
    input: resolve(flags.input),
    output: resolve(flags.output),
    ...(flags.report === undefined ? {} : { report: resolve(flags.report) }),
    keep: flags.keep,
  };
}

/** Aborts at the first SIGINT, SIGTERM or SIGHUP; later ones find the stop under way and change nothing. */
function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) return;
      process.stdout.write("\nstopping…\n");
      controller.abort(new Interrupted(name));
    });
  }
  return controller.signal;
}

// The SDK's advice on Node versions is not the reader's concern here.
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";

async function main(flags: Flags): Promise<number> {
  const signal = abortOnSignals();
  try {
    return (await runPlatform(optionsOf(flags), signal)) ? 0 : EXIT_FAILED;
  } catch (error) {
    if (signal.aborted) return EXIT_INTERRUPTED;
    console.error(`\n${error instanceof Error ? error.message : String(error)}`);
    return EXIT_FAILED;
  }
}

new Command("npm start --")
  .description(
    "Run the whole platform on this machine: apply the five stacks of the local environment to an AWS emulator, " +
      "upload CSV files, and show what became of every row.",
  )
  .option(
    "--input <folder>",
    "upload your own .csv and .csv.gz files instead of the samples",
    "local/samples/customers",
  )
  .option("--output <folder>", "where logs and results of this run go", defaultOutput())
  .option("--report <file>", "write the figures of the run as JSON")
  .option("--keep", "leave the platform up until Ctrl-C and print how to reach it", false)
  .action(async (flags: Flags) => {
    process.exitCode = await main(flags);
  })
  .parseAsync();

function defaultOutput(): string {
  return `.tributary/runs/${new Date().toISOString().replace(/[:.]/g, "-")}-${process.pid}`;
}
