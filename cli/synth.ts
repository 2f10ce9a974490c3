import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { declaredDatasets } from "../datasets/schema/datasets";
import { checkLeftOut } from "../datasets/schema/left-out";
import { loadEnvironments } from "../environments/schema";
import { command, runToExitCode } from "../setup/command";
import { ROOT } from "../setup/paths";
import { runOnTerminal } from "../setup/process";
import { print } from "../setup/terminal";

interface SynthOptions {
  readonly environment?: string;
  readonly output: string;
}

/** Writes the Terraform configuration of one or all environments, and lists the files. */
async function synth(options: SynthOptions): Promise<number> {
  const environments = loadEnvironments(
    options.environment === undefined ? undefined : [options.environment],
  );
  checkLeftOut(environments, declaredDatasets());
  const folder = resolve(ROOT, options.output);
  const began = performance.now();
  const exitCode = runOnTerminal([process.execPath, "cli/synthesize.js"], {
    folder: ROOT,
    environment: {
      ...process.env,
      CDKTF_OUTDIR: folder,
      ...(options.environment === undefined ? {} : { TRIBUTARY_ENVIRONMENT: options.environment }),
    },
  });
  if (exitCode !== 0) return 1;
  const seconds = (performance.now() - began) / 1000;
  const stacks = stacksOf(folder);
  print(`${stacks.length} stacks in ${options.output}, ${seconds.toFixed(2)} s`);
  for (const [name, bytes] of functionSizes(folder, stacks)) print(`  ${name}: ${bytes} bytes`);
  return 0;
}

function stacksOf(folder: string): string[] {
  const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
  return Object.keys(manifest.stacks);
}

/** Bytes of each function's archive, in the first environment. */
function functionSizes(folder: string, stacks: readonly string[]): [string, number][] {
  const compute = stacks.find((stack) => stack.endsWith("-compute"));
  if (compute === undefined) return [];
  return readdirSync(join(folder, "stacks", compute, "assets"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".zip") && !path.endsWith("tributary.zip"))
    .map((path) => [basename(path, ".zip"), statSync(join(folder, "stacks", compute, "assets", path)).size]);
}

command("synth", "Write the Terraform configuration of all environments, or of one.")
  .option("--environment <name>", "the only environment to synthesize")
  .option("--output <folder>", "folder of the synthesized stacks", "cdktf.out")
  .action((options: SynthOptions) => runToExitCode(() => synth(options)))
  .parseAsync();
