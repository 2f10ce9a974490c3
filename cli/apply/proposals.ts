/**
 * Plans in the place of reviewed ones. What a stack comes to otherwise is proposed below the folder of its plan, and counts from its approval
 * on as what was reviewed.
 */
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../../setup/errors";
import { type Binding, valueDigest } from "../plan/binding";
import { FILES } from "../plan/plan-stacks";

const PROPOSED = "proposed";
const APPROVED = "approved";
const NAME_LENGTH = 12;

/** Name of a proposed plan: the beginning of a SHA-256 of its binding, which has that of the plan file. */
function proposalName(folder: string): string | undefined {
  const binding = readBinding(folder);
  return binding === undefined ? undefined : valueDigest(binding).slice(0, NAME_LENGTH);
}

export function readBinding(folder: string): Binding | undefined {
  const file = join(folder, FILES.binding);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}

/**
 * Proposes what stands in `folder` for a stack.
 * @param place folder of the stack
 * @returns its name
 */
export function propose(folder: string, place: string): string {
  move(folder, join(place, PROPOSED));
  return proposalName(join(place, PROPOSED)) ?? "";
}

/**
 * Lets what is proposed count as reviewed, in one step: a kill leaves the one or the other.
 * @returns its folder
 */
export function approve(place: string): string {
  move(join(place, PROPOSED), join(place, APPROVED));
  return join(place, APPROVED);
}

function move(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  renameSync(from, to);
}

/** Folder of the plan that counts: the proposed one where it has the approved name, else what was approved before, else the reviewed one. */
export function countingFolder(place: string, approved: string | undefined): string {
  if (isProposed(place, approved)) return join(place, PROPOSED);
  return existsSync(join(place, APPROVED)) ? join(place, APPROVED) : place;
}

export function isProposed(place: string, name: string | undefined): boolean {
  return name !== undefined && proposalName(join(place, PROPOSED)) === name;
}

/**
 * Refuses to take a name for what it is not.
 * @param places folders of the stacks
 * @throws CommandError naming what is proposed
 */
export function checkApproved(places: readonly string[], name: string): void {
  // approved before, where the same command is called again after a stop
  if (places.some((place) => isProposed(place, name) || proposalName(join(place, APPROVED)) === name)) return;
  const proposed = places.flatMap((place) => proposalName(join(place, PROPOSED)) ?? []);
  throw new CommandError(`${name} is not what is proposed, which is ${proposed.join(", ") || "nothing"}`);
}
