import { type Environment, environmentNames, resourceName } from "../../../../environments/schema";

/** Beginning of the names of the environment's resources. */
export function ownPrefix(environment: Environment): string {
  return resourceName(environment, "");
}

/** Whether a resource is the environment's, and not of one whose name only begins so, as `dev-eu` after `dev`. */
export function isOwn(environment: Environment, name = "", known = environmentNames()): boolean {
  const longer = known.filter((each) => each.startsWith(`${environment.name}-`));
  return (
    name.startsWith(ownPrefix(environment)) &&
    !longer.some((other) => name.startsWith(ownPrefix({ ...environment, name: other })))
  );
}
