import {
  finishedTtl,
  headKey,
  putIfNew,
  readTracked,
  type TrackedFile,
  versionKey,
} from "../../runtime/manifests/tracking";
import type { Invocation } from "./builder";
import { sameContent } from "./content";
import { ContestedFileError, NewerVersionFailedError, OutOfTimeError } from "./errors";
import { firstRevision } from "./first-revision";
import { type AcceptedFile, compareAge, type Input } from "./input";
import type { Listing } from "./manifest-store";
import { noteBesideHead, noteUnchanged, replaceHead, takeOver } from "./tracked";

/**
 * Outcome of a claim. "won": the manifest may list the file; "done": nothing is left to do for it; "waiting":
 * another builder claimed it a moment ago and has not written its manifest.
 */
export type Claim =
  | { readonly kind: "won"; readonly revision: number }
  | { readonly kind: "done" }
  | { readonly kind: "waiting"; readonly manifestPath: string };

const DONE: Claim = { kind: "done" };

/** Maximum number of writes that lose a race; then the item is left to the next delivery. */
const MAX_RACES = 8;

/**
 * Time of an invocation, in milliseconds, that is kept for writing the manifests of files claimed already.
 */
const RESERVE_MS = 20_000;

/**
 * Claims a version for the manifest under `path`. A file that was never seen takes one conditional write. On
 * any error the messages of the file come back.
 *
 * @throws OutOfTimeError when the invocation's time is nearly over
 * @throws ContestedFileError when the item changed before each of several writes
 * @throws ManifestVanishedError when a fenced manifest was deleted
 */
export async function claimFile(invocation: Invocation, file: AcceptedFile, path: string): Promise<Claim> {
  const { table, retry, clock } = invocation;
  checkTime(invocation, file);
  for (let race = 0; race < MAX_RACES; race++) {
    const revision = firstRevision(file.date, clock.now());
    const first = claimed(file, path, revision, clock.now());
    const head = await retry(() => putIfNew(table, headKey(file, table.shards), first));
    if (head === undefined) return { kind: "won", revision };
    const claim = await (head.version === file.version
      ? reclaim(invocation, head, path)
      : replace(invocation, file, head, path));
    if (claim !== "raced") return claim;
  }
  throw new ContestedFileError(file.key, MAX_RACES);
}

/**
 * Records that a newer version of the same batch replaces this one, once the newer was accepted.
 *
 * @throws OutOfTimeError when the invocation's time is nearly over
 * @throws NewerVersionFailedError when the newer version was not accepted
 */
export async function supersedeFile(invocation: Invocation, file: AcceptedFile): Promise<void> {
  checkTime(invocation, file);
  const { table, retry } = invocation;
  const head = await retry(() => readTracked(table, headKey(file, table.shards)));
  if (head === undefined || !isBehind(file, head)) throw new NewerVersionFailedError(file.key, file.version);
  await noteSuperseded(invocation, file, head);
}

/** @throws OutOfTimeError when too little time is left to begin work on a file */
export function checkTime({ remainingMs }: Invocation, { key }: Input): void {
  const left = remainingMs();
  if (left < RESERVE_MS) throw new OutOfTimeError(key, left);
}

/**
 * Claims again where the head is this very version: a response was lost, a message came twice, or a builder
 * died.
 */
async function reclaim(invocation: Invocation, head: TrackedFile, path: string): Promise<Claim | "raced"> {
  if (head.manifestPath === path) return { kind: "won", revision: head.revision };
  const published = await isListed(invocation, head);
  if (published === "waiting") return waitingFor(head);
  if (published) {
    invocation.tally.count("FilesKnown");
    return DONE;
  }
  const taken = await invocation.retry(() => takeOver(invocation.table, head, path, invocation.clock.now()));
  if (!taken) return "raced";
  invocation.tally.count("ClaimsTakenOver");
  return { kind: "won", revision: head.revision };
}

/** Claims where the head is another version. */
async function replace(
  invocation: Invocation,
  file: AcceptedFile,
  head: TrackedFile,
  path: string,
): Promise<Claim | "raced"> {
  const { table, retry, tally } = invocation;
  if (await retry(() => readTracked(table, versionKey(file, table.shards)))) {
    tally.count("FilesKnown");
    return DONE;
  }
  if (wasRejected(head)) return succeed(invocation, file, head, head, path);
  if (isBehind(file, head)) return (await noteSuperseded(invocation, file, head)) ? DONE : "raced";
  const published = await isListed(invocation, head);
  if (published === "waiting") return waitingFor(head);
  if (!published) return succeed(invocation, file, head, superseded(head, invocation.clock.now()), path);
  const isSame = standsFor(head) && (await sameContent(invocation, head, file));
  if (!isSame) return succeed(invocation, file, head, head, path);
  return (await noteSame(invocation, file, head)) ? DONE : "raced";
}

/**
 * Makes the version the head under the next revision, or under that of a version that was never published.
 */
async function succeed(
  { table, retry, clock, tally }: Invocation,
  file: AcceptedFile,
  head: TrackedFile,
  replaced: TrackedFile,
  path: string,
): Promise<Claim | "raced"> {
  const revision = revisionAfter(head, replaced, file.date, clock.now());
  const next = claimed(file, path, revision, clock.now());
  if (!(await retry(() => replaceHead(table, head, replaced, next)))) return "raced";
  if (replaced.status === "superseded") tally.count("FilesSuperseded");
  return { kind: "won", revision };
}

function revisionAfter(head: TrackedFile, replaced: TrackedFile, date: string, now: Date): number {
  if (head.revision === 0) return firstRevision(date, now);
  return replaced.status === "superseded" ? head.revision : head.revision + 1;
}

async function noteSuperseded(
  { table, retry, clock, tally }: Invocation,
  file: AcceptedFile,
  head: TrackedFile,
): Promise<boolean> {
  const version = { ...claimed(file, undefined, head.revision, clock.now()), status: "superseded" as const };
  const noted = await retry(() => noteBesideHead(table, { ...version, ttl: finishedTtl(clock.now()) }));
  tally.count(noted ? "FilesSuperseded" : "FilesKnown");
  return noted;
}

async function noteSame(
  { table, retry, clock, tally }: Invocation,
  file: AcceptedFile,
  head: TrackedFile,
): Promise<boolean> {
  const now = clock.now();
  const version = { ...claimed(file, undefined, head.revision, now), status: "unchanged" as const };
  const noted = await retry(() => noteUnchanged(table, head, { ...version, ttl: finishedTtl(now) }, now));
  if (noted) tally.count("FilesUnchanged");
  return noted;
}

/**
 * Returns whether a manifest lists the head's version. Only a claim needs a look: every other status was
 * given by what came after its manifest. A late claim is fenced, so that it can never be listed.
 */
async function isListed(invocation: Invocation, head: TrackedFile): Promise<boolean | "waiting"> {
  if (head.status !== "manifested" || head.manifestPath === undefined) return true;
  const listing = await settled(invocation, head.manifestPath, head.updatedAt);
  return listing === undefined ? "waiting" : listing.has(head);
}

async function settled(
  { store, clock, claimMs }: Invocation,
  path: string,
  claimedAt: string,
): Promise<Listing | undefined> {
  const listing = await store.read(path);
  if (listing !== undefined) return listing;
  if (clock.now().getTime() - Date.parse(claimedAt) < claimMs) return undefined;
  return store.fence(path);
}

/** Returns whether a builder rejected the head: such a version replaces nothing, whatever its age. */
function wasRejected(head: TrackedFile): boolean {
  return head.status === "quarantined" && head.manifestPath === undefined;
}

/**
 * Returns whether a version in a manifest is published, or may yet be: not what the streaming job gave up.
 */
function standsFor({ status }: TrackedFile): boolean {
  return status !== "quarantined" && status !== "failed";
}

/** Returns whether a newer version than this one was accepted. */
function isBehind(file: AcceptedFile, head: TrackedFile): boolean {
  return head.version !== file.version && !wasRejected(head) && compareAge(file, head) < 0;
}

function waitingFor({ manifestPath = "" }: TrackedFile): Claim {
  return { kind: "waiting", manifestPath };
}

function superseded(head: TrackedFile, now: Date): TrackedFile {
  return { ...head, status: "superseded", updatedAt: now.toISOString(), ttl: finishedTtl(now) };
}

function claimed(
  file: AcceptedFile,
  manifestPath: string | undefined,
  revision: number,
  now: Date,
): TrackedFile {
  const { messages: _, ...described } = file;
  const time = now.toISOString();
  return { ...described, manifestPath, revision, status: "manifested", createdAt: time, updatedAt: time };
}
