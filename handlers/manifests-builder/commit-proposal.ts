import { log } from "../../runtime/log";
import { type ManifestEntry, manifestId, manifestKey } from "../../runtime/manifests/manifests";
import type { Invocation } from "./builder";
import { claimFile } from "./claim";
import { ClaimedElsewhereError } from "./errors";
import type { Failures } from "./failures";
import type { AcceptedFile } from "./input";
import type { Proposal } from "./plan";

/**
 * Pauses in milliseconds before another round for files that another builder holds. Most often that one is a
 * twin with the same messages, a moment ahead; a late one is left to the next delivery.
 */
const WAITS = [500, 1_000, 2_000];

/** Claim that was won, with the revision in its item. */
interface Won {
  readonly file: AcceptedFile;
  readonly revision: number;
}

/**
 * Claims the files of a proposal and writes one manifest of those that were won. Files that the existing
 * manifest does not list are claimed again, under an id that follows from the first: in a second round, and
 * so on.
 */
export async function commitProposal(
  invocation: Invocation,
  proposal: Proposal,
  failures: Failures,
): Promise<void> {
  let { files } = proposal;
  let seed = proposal.dataset;
  for (let round = 0; files.length > 0; round++) {
    const id = manifestId(seed, files);
    const { won, waiting } = await claimAll(invocation, proposal, id, files, failures);
    const left = await write(invocation, proposal, id, won, failures);
    const wait = WAITS[round];
    if (wait === undefined) return giveUp(waiting, left, failures, manifestKey({ ...proposal, id }));
    if (waiting.size > 0) await invocation.clock.sleep(wait);
    files = files.filter((file) => waiting.has(file) || left.has(file));
    seed = id;
  }
}

function giveUp(
  waiting: ReadonlyMap<AcceptedFile, string>,
  left: ReadonlySet<AcceptedFile>,
  failures: Failures,
  path: string,
): void {
  for (const [file, other] of waiting)
    failures.add(file.messages, new ClaimedElsewhereError(file.key, other));
  for (const file of left) failures.add(file.messages, new ClaimedElsewhereError(file.key, path));
}

async function claimAll(
  invocation: Invocation,
  { dataset, date }: Proposal,
  id: string,
  files: readonly AcceptedFile[],
  failures: Failures,
): Promise<{ won: Won[]; waiting: Map<AcceptedFile, string> }> {
  const path = manifestKey({ id, dataset, date });
  const waiting = new Map<AcceptedFile, string>();
  const claims = await Promise.all(
    files.map((file) =>
      failures.guard(file.messages, () => invocation.limit(() => claimFile(invocation, file, path))),
    ),
  );
  const won = files.flatMap((file, index): Won[] => {
    const claim = claims[index];
    if (claim?.kind === "waiting") waiting.set(file, claim.manifestPath);
    return claim?.kind === "won" ? [{ file, revision: claim.revision }] : [];
  });
  return { won, waiting };
}

/** Writes the manifest; returns the claimed files that the existing one does not list. */
async function write(
  { store, tally, limit }: Invocation,
  { dataset, date }: Proposal,
  id: string,
  won: readonly Won[],
  failures: Failures,
): Promise<Set<AcceptedFile>> {
  if (won.length === 0) return new Set();
  const files = won.map(({ file }) => file);
  const messages = files.flatMap((file) => file.messages);
  const put = await failures.guard(messages, () =>
    limit(() => store.put({ id, dataset, date }, won.map(entryOf))),
  );
  if (put === undefined) return new Set();
  if (put.written) {
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    tally.written(bytes);
    tally.count("FilesClaimed", files.length);
    log("info", "wrote a manifest", { id, dataset, date, files: files.length, bytes });
  }
  return new Set(files.filter((file) => !put.listing.has(file)));
}

function entryOf({ file, revision }: Won): ManifestEntry {
  return {
    bucket: file.bucket,
    key: file.key,
    version_id: file.version,
    size: file.size,
    sequencer: file.sequencer ?? null,
    revision,
    uploaded_at: file.uploadedAt,
  };
}
