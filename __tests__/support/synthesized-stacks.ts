import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const VARIABLE = "TRIBUTARY_SYNTHESIZED_STACKS";

/** Folder of the stacks that the tests of this run have synthesized; jest makes it before them. */
export function synthesizedStacks(): string {
  const folder = process.env[VARIABLE];
  if (folder === undefined) throw new Error(`${VARIABLE} is not set: run the test by jest`);
  return folder;
}

/** Makes the folder, which jest's workers inherit by a variable. */
export function makeSynthesizedStacks(): void {
  process.env[VARIABLE] = mkdtempSync(join(tmpdir(), "tributary-stacks-"));
}

/** Removes the folder after the last test. */
export function removeSynthesizedStacks(): void {
  rmSync(synthesizedStacks(), { recursive: true });
}
