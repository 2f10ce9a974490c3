import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { CommandError } from "../setup/errors";
import { ROOT } from "../setup/paths";

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
 * Runs cdktf to its end, with this process's terminal. An interrupt goes to cdktf, which stops Terraform in good
 * order and keeps its state whole; this process waits for that.
 * @returns cdktf's exit code
 */
export async function runCdktf(words: readonly string[], variables: Record<string, string>): Promise<number> {
  const program = join(ROOT, "node_modules", "cdktf-cli", "bundle", "bin", "cdktf");
  const child = spawn(process.execPath, [program, ...words], {
    cwd: ROOT,
    env: { ...process.env, ...variables },
    stdio: "inherit",
  });
  // from a terminal the interrupt reaches cdktf by itself, and a second one would make it give up its state
  const onInterrupt = () => process.stdin.isTTY || child.kill("SIGINT");
  const onTerminate = () => child.kill("SIGINT");
  process.on("SIGINT", onInterrupt).on("SIGTERM", onTerminate);
  try {
    const [code] = (await once(child, "close")) as [number | null];
    return code ?? 1;
  } catch (error) {
    throw new CommandError(`cdktf cannot be started (${(error as Error).message}); run npm ci`, {
      cause: error,
    });
  } finally {
    process.off("SIGINT", onInterrupt).off("SIGTERM", onTerminate);
  }
}
