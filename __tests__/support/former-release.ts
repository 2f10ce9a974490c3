import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../setup/paths";
import { linkInstalled } from "./checkout";

/** Release from which an upgrade is tested: a commit until there is a tag, then the latest. */
export const FORMER_RELEASE = "9faff31b8f8c82285920719fa1e82bc2ddb906aa";

/**
 * Takes the former release out of the history, with the packages of this checkout where they are its own.
 *
 * @param repository whose history. @default - this one's
 * @returns its folder, which the caller removes
 * @throws Error where the history has no such release
 */
export function takeFormerRelease(repository = ROOT): string {
  if (!isKnown(FORMER_RELEASE, repository)) {
    throw new Error(
      `this clone has no ${FORMER_RELEASE}, the release from which an upgrade is tested: git fetch --unshallow --tags`,
    );
  }
  const folder = mkdtempSync(join(tmpdir(), "tributary-former-"));
  const archive = execFileSync("git", ["archive", FORMER_RELEASE], { cwd: repository, maxBuffer: 2 ** 28 });
  execFileSync("tar", ["-x", "-C", folder], { input: archive });
  const isOurs = isInstalled(folder);
  linkInstalled(folder, isOurs ? ["node_modules", TERRAFORM] : [TERRAFORM]);
  if (!isOurs) execFileSync("npm", ["ci"], { cwd: folder, stdio: "ignore" });
  return folder;
}

const TERRAFORM = ".tributary/terraform";

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string }>>;
}

/** Whether this checkout has installed all packages of another's lock, in its versions. */
function isInstalled(folder: string): boolean {
  const read = (root: string): Lock => JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const { packages } = read(ROOT);
  return Object.entries(read(folder).packages).every(
    ([name, { version }]) => name === "" || packages[name]?.version === version,
  );
}

function isKnown(release: string, cwd: string): boolean {
  try {
    execFileSync("git", ["cat-file", "-e", `${release}^{commit}`], { cwd, stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
