import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { PYTHONPATH } from "../../setup/paths";

export interface ModuleOptions {
  /** The interpreter of the project's virtual environment. */
  readonly python: string;
  readonly signal: AbortSignal;
  readonly environment?: NodeJS.ProcessEnv;
  /** Standard input of the module, as JSON. @default - nothing */
  readonly input?: string;
}

/**
 * Runs a module of local/ to its end and reads what it prints as JSON.
 * @throws Error with what it said where it fails
 */
export async function askPythonModule<Answer>(
  module: string,
  words: readonly string[],
  { python, signal, environment = process.env, input = "" }: ModuleOptions,
): Promise<Answer> {
  const child = spawn(python, ["-m", module, ...words], {
    env: { ...environment, PYTHONPATH },
    stdio: ["pipe", "pipe", "pipe"],
    signal,
  });
  // One that ends early reads nothing; its exit code says it better than a broken pipe.
  child.stdin.on("error", () => undefined).end(input);
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  if (code !== 0) throw new Error(`${module} failed:\n${err.trim()}`);
  return JSON.parse(out);
}
