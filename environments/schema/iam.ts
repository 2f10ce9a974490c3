import { z } from "zod";
import { text } from "./kinds";

/** Value of `iam.permissionsBoundary` for the boundary that bootstrap makes. */
export const OWN_BOUNDARY = "own";
/** Value of `iam.permissionsBoundary` for roles without a boundary. */
export const NO_BOUNDARY = "none";

export const iam = z.strictObject({
  path: text(
    /^(?=.{1,512}$)\/([\w+=,.@-]+\/)*$/,
    "a path that begins and ends with a slash, such as /data-platform/",
    {
      description:
        "Path of the roles and policies of the environment, and of those that `npm run bootstrap` makes.",
    },
  ).default("/"),
  permissionsBoundary: text(
    /^(?![/])[\w+=,.@/-]{1,512}$/,
    "own, none, or the name of a policy with its path and without policy/",
    {
      description:
        "Policy that bounds what each role of the environment may ever do: `own` is the one that `npm run bootstrap` makes, `none` leaves the roles to their policies, and any other name is a policy of the account.",
    },
  ).default(OWN_BOUNDARY),
});
