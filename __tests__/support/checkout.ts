import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { text } from "node:stream/consumers";
import { ROOT } from "../../cli/setup/paths";

/** What is installed and takes long to install, which a copy shares. */
const SHARED = ["node_modules", ".tributary/python", ".tributary/terraform"];
const LEFT_OUT = new Set(["node_modules", ".tributary", ".git", "cdktf.out", "dist", "coverage"]);

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A copy of the project that commands may change. */
export class Checkout {
  readonly folder = mkdtempSync(join(tmpdir(), "tributary-checkout-"));

  constructor() {
    const filter = (path: string) => !LEFT_OUT.has(relative(ROOT, path));
    cpSync(ROOT, this.folder, { recursive: true, filter });
    mkdirSync(this.path(".tributary"));
    for (const name of SHARED) {
      if (existsSync(join(ROOT, name))) symlinkSync(join(ROOT, name), this.path(name));
    }
  }

  /** Runs a command line as its reader would, in `folder` of the copy. */
  async run(line: string, folder = ".", variables: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    const child = spawn("sh", ["-c", line], {
      cwd: join(this.folder, folder),
      env: { ...process.env, ...variables },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close"),
    ]);
    return { code, stdout, stderr };
  }

  path(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
