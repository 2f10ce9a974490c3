import { bytes } from "../../command/tables";
import { type Check, failure, ok, warning } from "../check";

/** What set-up installs for a deploy: Python's packages, Terraform, its provider, wheels, bundles. */
const NEEDED_BYTES = 2e9;
/** That, and Spark with the checkers, which tests install. */
const AMPLE_BYTES = 5e9;

export const diskCheck: Check = {
  group: "machine",
  name: "disk",
  actions: [],
  look: async ({ machine }) =>
    Promise.all(
      machine.folders.map(async (folder) => {
        const free = await machine.freeBytes(folder);
        const found = `${bytes(free)} free for ${folder}`;
        if (free >= AMPLE_BYTES) return ok(found);
        const wayOut = `free some space: a deploy takes ${bytes(NEEDED_BYTES)}, with tests ${bytes(AMPLE_BYTES)}`;
        return free < NEEDED_BYTES ? failure(found, { wayOut }) : warning(found, { wayOut });
      }),
    ),
};
