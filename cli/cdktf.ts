import { join } from "node:path";
import { CommandError } from "../setup/errors";
import { ROOT } from "../setup/paths";
import { runToItsEnd } from "../setup/process";

const PARALLEL_RESOURCES = 40;

/** Words for cdktf to apply or destroy stacks. */
export function applyingWords({ autoApprove = false }: { readonly autoApprove?: boolean }): string[] {
  return [
    // a plugin cache shared by stacks that are initialized side by side is a race
    "--disable-plugin-cache-env",
    // most of the time the provider waits: for queues 25 s each, whose number passes Terraform's own limit of ten
    `--terraform-parallelism=${PARALLEL_RESOURCES}`,
    ...(autoApprove ? ["--auto-approve"] : []),
  ];
}

/**
 * Runs cdktf to its end; interrupted, it stops Terraform in good order and keeps its state whole.
 * @returns cdktf's exit code
 */
export async function runCdktf(words: readonly string[], variables: Record<string, string>): Promise<number> {
  const program = join(ROOT, "node_modules", "cdktf-cli", "bundle", "bin", "cdktf");
  const environment = { ...process.env, ...variables };
  try {
    return await runToItsEnd([process.execPath, program, ...words], { folder: ROOT, environment });
  } catch (error) {
    throw new CommandError(`cdktf cannot be started (${(error as Error).message}); run npm ci`, {
      cause: error,
    });
  }
}
