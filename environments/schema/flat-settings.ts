import type { Environment } from "./environment";

/** Address of what tells, in a state, with which settings it was applied. */
export const APPLIED_SETTINGS = "terraform_data.settings";

/** Settings by their paths, as `manifests.workers.number`: texts as they are, everything else as JSON; none that is left off. */
export function flatSettings({ name: _, ...settings }: Environment): Record<string, string> {
  return Object.fromEntries(leaves("", settings).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function leaves(path: string, value: unknown): [string, string][] {
  if (value === undefined) return [];
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [[path, typeof value === "string" ? value : JSON.stringify(value)]];
  }
  return Object.entries(value).flatMap(([name, each]) =>
    leaves(path === "" ? name : `${path}.${name}`, each),
  );
}
