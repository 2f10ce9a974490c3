import { duration } from "../../command/tables";
import { type Check, failure, ok, warning } from "../check";

/** Difference that no network explains. */
const WARNED_SECONDS = 60;

/**
 * Difference from which on AWS refuses signatures.
 *
 * @see https://aws.amazon.com/blogs/developer/clock-skew-correction/ (2026-11-30)
 */
const REFUSED_SECONDS = 900;

export const clockCheck: Check = {
  group: "machine",
  name: "clock",
  actions: ["sts:GetCallerIdentity"],
  look: async ({ caller }) => {
    const ahead = (await caller()).aheadMilliseconds / 1000;
    const off = Math.abs(ahead);
    if (off < WARNED_SECONDS) return [ok("as AWS's")];
    const message = `${duration(off)} ${ahead > 0 ? "behind" : "ahead of"} AWS's`;
    const way = { wayOut: "set the clock of this machine by NTP" };
    return [off < REFUSED_SECONDS ? warning(message, way) : failure(message, way)];
  },
};
