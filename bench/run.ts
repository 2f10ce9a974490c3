import { delimiter, join } from "node:path";
import { expectedAt } from "../runtime/expected";
import { command, runToExitCode } from "../setup/command";
import { ensureJava } from "../setup/java";
import { PYTHONPATH, ROOT } from "../setup/paths";
import { runOnTerminal } from "../setup/process";
import { ensurePython } from "../setup/python";
import { printError } from "../setup/terminal";

/** Bench: a Python module or a TypeScript file next to this one that reads its own options. */
type Bench = { readonly description: string } & ({ readonly module: string } | { readonly script: string });

const BENCHES: Record<string, Bench> = {
  claims: {
    module: "bench.claims",
    description:
      "rows/s of claims and registrations in the ledger, on PostgreSQL with ten million finished rows",
  },
  csv: {
    module: "bench.csv_kernel",
    description: "MB/s on one core and peak memory of the customers kernel beside plain Spark SQL",
  },
  lister: {
    module: "bench.lister",
    description: "keys/s of the ledger's lister from pages of a double to PostgreSQL, and its peak memory",
  },
  ledger: {
    module: "bench.ledger",
    description: "files/s of a batch of raw files from the ledger to Parquet and the archive, beside Spark",
  },
  manifests: {
    module: "bench.manifests",
    description: "MB/s of a manifest from S3 to Parquet in S3 by the streaming job, beside Spark from disk",
  },
  "manifests-builder": {
    script: "bench/manifests-builder.ts",
    description: "files/s of one manifest builder over a million files, its AWS calls stubbed at 5 ms each",
  },
  ndjson: {
    module: "bench.ndjson",
    description: "MB/s of JSON lines to Parquet, peak memory and exactness, beside other engines",
  },
};

const report = printError;

async function main(name: string, options: readonly string[]): Promise<number> {
  const bench = BENCHES[name];
  if (bench === undefined) {
    printError(`error: ${expectedAt("bench", `one of ${Object.keys(BENCHES).join(", ")}`, name)}`);
    return 2;
  }
  if ("script" in bench) {
    return runOnTerminal([
      process.execPath,
      "--expose-gc",
      "--import",
      "tsx",
      join(ROOT, bench.script),
      ...options,
    ]);
  }
  const { python } = await ensurePython("dev", report);
  const java = await ensureJava(report);
  const environment = {
    ...process.env,
    JAVA_HOME: java,
    PATH: [join(java, "bin"), process.env["PATH"]].join(delimiter),
    PYTHONPATH,
  };
  return runOnTerminal([python, "-m", bench.module, ...options], { environment });
}

const program = command("bench", "Runs a benchmark and prints one table.")
  .argument("<bench>", "the benchmark to run")
  .argument("[options...]", "its own options; --help after its name lists them")
  .passThroughOptions()
  .allowUnknownOption()
  .addHelpText(
    "after",
    `\nBenchmarks:\n${Object.entries(BENCHES)
      .map(([name, { description }]) => `  ${name}  ${description}`)
      .join("\n")}`,
  );

program.action((name: string, options: string[]) => runToExitCode(() => main(name, options))).parseAsync();
