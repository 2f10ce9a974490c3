import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { command, runToExitCode } from "../cli/command";
import { ensureJava } from "../cli/setup/java";
import { ROOT } from "../cli/setup/paths";
import { ensurePython } from "../cli/setup/python";

/** A bench is a Python module beside this file that reads its own options. */
const BENCHES: Record<string, { readonly module: string; readonly description: string }> = {
  csv: {
    module: "bench.csv_kernel",
    description: "MB/s on one core and peak memory of the customers kernel beside plain Spark SQL",
  },
  ndjson: {
    module: "bench.ndjson",
    description: "MB/s of JSON lines to Parquet, peak memory and exactness, beside other engines",
  },
};

const report = (message: string) => console.error(message);

async function main(name: string, options: readonly string[]): Promise<number> {
  const bench = BENCHES[name];
  if (bench === undefined) {
    console.error(`there is no bench "${name}"; there are: ${Object.keys(BENCHES).join(", ")}`);
    return 2;
  }
  const { python } = await ensurePython("dev", report);
  const java = await ensureJava(report);
  const environment = {
    ...process.env,
    JAVA_HOME: java,
    PATH: [join(java, "bin"), process.env["PATH"]].join(delimiter),
    PYTHONPATH: [ROOT, join(ROOT, "glue")].join(delimiter),
  };
  const { status, error } = spawnSync(python, ["-m", bench.module, ...options], {
    env: environment,
    stdio: "inherit",
  });
  if (error) throw error;
  return status ?? 1;
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
