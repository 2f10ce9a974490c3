import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { findInterpreter, type Interpreter } from "../../../../setup/interpreter";
import { WORKING_FOLDER } from "../../../../setup/paths";
import { findProvider, findTerraform, type TerraformAtHand } from "../../../../setup/terraform";

/** Machine on which the command runs. */
export interface Machine {
  /** Version of Node.js, such as `20.19.0`. */
  readonly node: string;
  readonly variables: NodeJS.ProcessEnv;
  /** Folders that set-up and synthesis fill. */
  readonly folders: readonly string[];
  /** Free bytes of the disk that a folder is on, or will be. */
  readonly freeBytes: (folder: string) => Promise<number>;
  readonly python: () => Promise<Interpreter>;
  readonly terraform: () => Promise<TerraformAtHand>;
  readonly provider: () => string | undefined;
}

export const THIS_MACHINE: Machine = {
  node: process.versions.node,
  variables: process.env,
  folders: [WORKING_FOLDER, tmpdir()],
  freeBytes,
  python: findInterpreter,
  terraform: findTerraform,
  provider: findProvider,
};

async function freeBytes(folder: string): Promise<number> {
  if (!existsSync(folder)) return freeBytes(dirname(folder));
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
