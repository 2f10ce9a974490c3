import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DECLARED_FILE, type Declared } from "../../../runtime/declared";

/** Puts what a function knows of declared datasets into a folder; returns the variable by which the function finds it. */
export function declare<Name extends keyof Declared>(
  folder: string,
  declared: Declared[Name],
): Record<string, string> {
  writeFileSync(join(folder, DECLARED_FILE), JSON.stringify(declared));
  return { LAMBDA_TASK_ROOT: folder };
}
