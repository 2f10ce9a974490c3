import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { ROOT } from "../cli/setup/paths";
import { bucketName, type Environment } from "../environments";

/** What became of every row, counted from the input files and the published objects themselves. */
export interface Accounts {
  readonly files: number;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly deadLetters: number;
  readonly lost: number;
  readonly duplicated: number;
  /** Each loss and duplicate in words. */
  readonly problems: readonly string[];
  /** Files that were quarantined whole, with the reason. */
  readonly wholeFiles: readonly string[];
  /** Column names, then the first rows of the output as text. */
  readonly firstRows: readonly (readonly string[])[];
  /** Names and addresses of the outputs. */
  readonly places: readonly (readonly [string, string])[];
}

export interface AccountOptions {
  readonly environment: Environment;
  readonly input: string;
  /** The files that were uploaded, as paths below `input`. */
  readonly files: readonly string[];
  readonly output: string;
  readonly signal: AbortSignal;
}

/** Copies the outputs into the run's folder and compares them with the input files, row by row. */
export async function accountFor(
  python: string,
  options: AccountOptions,
  variables: NodeJS.ProcessEnv,
): Promise<Accounts> {
  const words = [
    join(ROOT, "local", "accounting.py"),
    ...["--input", options.input, "--output", options.output],
    ...["--curated", bucketName(options.environment, "curated")],
    ...["--quarantine", bucketName(options.environment, "quarantine")],
  ];
  const child = spawn(python, words, {
    env: { ...variables, PYTHONPATH: join(ROOT, "glue") },
    stdio: ["pipe", "pipe", "pipe"],
    signal: options.signal,
  });
  // One that ends early reads nothing; its exit code says it better than a broken pipe.
  child.stdin.on("error", () => undefined).end(JSON.stringify(options.files));
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  if (code !== 0) throw new Error(`the accounts cannot be made:\n${err.trim()}`);
  return JSON.parse(out);
}
