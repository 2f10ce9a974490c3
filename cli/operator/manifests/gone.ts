import { bucketName } from "../../../environments/schema";
import { DAY_MS } from "../../../runtime/clock";
import { inParallel } from "../../../runtime/in-parallel";
import {
  type Manifest,
  type ManifestName,
  readReceipt,
  receiptKey,
} from "../../../runtime/manifests/manifests";
import type { Operator } from "../command/operator";
import { headObject } from "./objects";
import { manifestsBucket } from "./outputs";

const READS_AT_ONCE = 16;

/**
 * Returns whether the raw bucket may have expired a version of that time. It keeps even a replaced one for a
 * number of days; a version that somebody deletes by its id is meant to go.
 */
export function mayBeGone({ environment, now }: Operator, uploadedAt: string): boolean {
  const { noncurrentDays } = environment.storage.lifecycle.raw;
  return now.getTime() - Date.parse(uploadedAt) >= noncurrentDays * DAY_MS;
}

/** Counts the files of a published manifest with rows in its output that could not be made again. */
export async function countGone(operator: Operator, manifest: Manifest & ManifestName): Promise<number> {
  const raw = bucketName(operator.environment, "raw");
  const old = manifest.entries.filter(({ uploaded_at }) => mayBeGone(operator, uploaded_at));
  if (old.length === 0) return 0;
  const receipt = await readReceipt(manifestsBucket(operator), receiptKey(manifest));
  const without = new Set(
    [...(receipt?.gone ?? []), ...(receipt?.quarantined ?? [])].map(({ version_id }) => version_id),
  );
  let gone = 0;
  const [error] = await inParallel(old, READS_AT_ONCE, async ({ key, version_id }) => {
    if (without.has(version_id)) return;
    if ((await headObject(operator, raw, key, version_id)) === undefined) gone += 1;
  });
  if (error) throw error;
  return gone;
}
