import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { ROOT } from "../../setup/paths";
import { type Outcome, outcomeOf } from "./outcome";

/** Installed folders that take long to install, which a copy shares. */
const SHARED = ["node_modules", ".tributary/python", ".tributary/terraform"];
const LEFT_OUT = new Set(["node_modules", ".tributary", ".git", "cdktf.out", "dist", "coverage"]);

/** A copy of the project that commands may change. */
export class Checkout {
  constructor(readonly folder = mkdtempSync(join(tmpdir(), "tributary-checkout-"))) {
    const filter = (path: string) => !LEFT_OUT.has(relative(ROOT, path));
    cpSync(ROOT, this.folder, { recursive: true, filter });
    linkInstalled(this.folder);
  }

  /** Runs a command line as its reader would, in `folder` of the copy. */
  run(line: string, folder = ".", variables: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    return outcomeOf(["sh", "-c", line], join(this.folder, folder), variables);
  }

  path(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Gives a copy of the project what is installed in this one. */
export function linkInstalled(folder: string, names: readonly string[] = SHARED): void {
  mkdirSync(join(folder, ".tributary"));
  for (const name of names) {
    if (existsSync(join(ROOT, name))) symlinkSync(join(ROOT, name), join(folder, name));
  }
}
