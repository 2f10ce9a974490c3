/** States that a backend did not take, as with credentials that expired: kept until the next apply writes them. */
import { copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../../setup/errors";
import { WORKING_FOLDER } from "../../setup/paths";
import type { SynthesizedStack } from "./configuration";

/** Where the commands keep them. */
export const UNSAVED = join(WORKING_FOLDER, "unsaved");

/** Where Terraform leaves such a state, in the folder in which it works. */
export const LEFT_BEHIND = "errored.tfstate";

/** File in which the state of a stack is kept. */
export function unsavedFile(stack: string, folder: string): string {
  return join(folder, `${stack}.tfstate`);
}

/** Takes what Terraform left out of the folder of a stack, which the next synthesis writes anew. */
export function keepUnsaved({ name, folder: from }: SynthesizedStack, folder: string): void {
  const left = join(from, LEFT_BEHIND);
  if (!existsSync(left)) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  copyFileSync(left, unsavedFile(name, folder));
  rmSync(left);
}

/**
 * Refuses to plan what would know nothing of such a state.
 * @throws CommandError naming the file
 */
export function checkSaved(stacks: readonly SynthesizedStack[], folder: string): void {
  for (const stack of stacks) {
    keepUnsaved(stack, folder);
    const file = unsavedFile(stack.name, folder);
    if (existsSync(file)) {
      throw new CommandError(
        `${file} is a state of ${stack.name} that no backend has yet: npm run apply writes it`,
      );
    }
  }
}
