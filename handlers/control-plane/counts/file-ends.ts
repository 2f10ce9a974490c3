import { inParallel, withBackoff } from "../../../runtime/in-parallel";
import { log } from "../../../runtime/log";
import type { Manifest, ManifestEntry, Receipt } from "../../../runtime/manifests/manifests";
import { endFile, type FileEnd } from "../../../runtime/manifests/tracking";
import { FilesLeftError } from "../errors";
import type { ControlPlane } from "../plane";

/** Number of concurrent writes: the client keeps at most 50 connections. */
const WRITES_AT_ONCE = 40;

/**
 * Gives each file of a manifest the status in its receipt, with one conditional write where nothing
 * interferes.
 *
 * @throws FilesLeftError when some writes failed; the others are done
 */
export async function endFiles(
  { tracking, clock }: Pick<ControlPlane, "tracking" | "clock">,
  manifestPath: string,
  manifest: Manifest,
  receipt: Receipt,
): Promise<void> {
  const exceptions = exceptionsOf(receipt);
  const counts = { written: 0, same: 0, elsewhere: 0 };
  const errors = await inParallel(manifest.entries, WRITES_AT_ONCE, async (entry) => {
    const file = { date: manifest.date, key: entry.key, version: entry.version_id };
    const { generation, job_run_id: jobRunId } = receipt;
    const end = { ...endOf(exceptions, entry), manifestPath, generation, jobRunId };
    const written = await withBackoff(clock, () => endFile(tracking, file, end, clock.now()));
    counts[written] += 1;
    if (written === "elsewhere")
      log("warn", "no item claims a file for its manifest", { ...file, manifestPath });
  });
  log("info", "gave the files of a manifest their status", { manifestPath, ...counts });
  if (errors.length > 0) throw new FilesLeftError(manifestPath, errors, manifest.entries.length);
}

type End = Pick<FileEnd, "status" | "errorMessage">;

function endOf(exceptions: ReadonlyMap<string, End>, { key, version_id }: ManifestEntry): End {
  return exceptions.get(identity(key, version_id)) ?? { status: "completed" };
}

function exceptionsOf({ quarantined, gone }: Receipt): ReadonlyMap<string, End> {
  return new Map<string, End>([
    ...gone.map(
      ({ key, version_id }) =>
        [
          identity(key, version_id),
          { status: "failed", errorMessage: "gone: the version was no longer there" },
        ] as const,
    ),
    ...quarantined.map(
      ({ key, version_id, reason, message }) =>
        [
          identity(key, version_id),
          { status: "quarantined", errorMessage: `${reason}: ${message}` },
        ] as const,
    ),
  ]);
}

function identity(key: string, version: string): string {
  return JSON.stringify([key, version]);
}
