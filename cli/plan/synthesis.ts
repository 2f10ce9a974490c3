import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Environment } from "../../environments/schema";
import { CommandError } from "../../setup/errors";
import { ROOT } from "../../setup/paths";
import { runOnTerminal } from "../../setup/process";

/**
 * Synthesizes the environment, always into the same folder: configurations name files of the checkout by relative paths.
 *
 * @param folder what is synthesized already, instead
 * @returns the folder
 */
export function synthesisOf({ name }: Environment, folder?: string): string {
  if (folder !== undefined) return resolve(ROOT, folder);
  const output = join(ROOT, "cdktf.out");
  mkdirSync(output, { recursive: true });
  const exitCode = runOnTerminal([process.execPath, "cli/synthesize.js"], {
    folder: ROOT,
    environment: { ...process.env, CDKTF_OUTDIR: output, TRIBUTARY_ENVIRONMENT: name },
  });
  if (exitCode !== 0) throw new CommandError(`${name} cannot be synthesized`);
  return output;
}
