import { z } from "zod";
import { expectedAt } from "../../runtime/expected";
import { settings } from "./environment";
import { resourceName } from "./names";

/** Of an environment, as its file gives it, what decides which names are its own. */
const owner = z.object({ project: settings.shape.project, account: settings.shape.account });

/**
 * Finds the environments of an account whose names begin as all names of another do: what may touch
 * `lake-dev-*` would touch all of `lake-dev-eu`, too.
 *
 * @param files data of each environment, by its name
 */
export function overlapProblems(name: string, files: ReadonlyMap<string, unknown>): string[] {
  const own = ownerOf(name, files);
  if (own === undefined) return [];
  return [...files.keys()].flatMap((other) => {
    const theirs = ownerOf(other, files);
    if (other === name || theirs?.account !== own.account) return [];
    const taken = resourceName(theirs, "");
    if (!resourceName(own, "").startsWith(taken)) return [];
    const wanted = `another name, project or account than one that begins with ${taken} (names of environments/${other}.ts)`;
    return [expectedAt(`environments/files.ts: ${name}`, wanted, `${own.project}-${name}`)];
  });
}

function ownerOf(name: string, files: ReadonlyMap<string, unknown>) {
  const { data } = owner.safeParse(files.get(name));
  return data === undefined ? undefined : { ...data, name, region: "" };
}
