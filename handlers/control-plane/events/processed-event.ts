import { UnexpectedEventError } from "../../../runtime/errors";
import { type ManifestName, parseManifestKey, receiptKey } from "../../../runtime/manifests/manifests";

/** Manifest that the streaming job has finished. */
export interface ProcessedManifest extends ManifestName {
  generation: number;
  /** Keys in the manifests bucket. */
  manifest: string;
  receipt: string;
}

/**
 * Parses a `ManifestProcessed` event. Its figures are in the receipt, which is read anyway: only the names
 * are used.
 *
 * @throws UnexpectedEventError when it names no manifest, or an invalid one
 */
export function readProcessed(event: unknown): ProcessedManifest[] {
  const { detail } = (event ?? {}) as { detail?: { manifests?: unknown } };
  const listed = Array.isArray(detail?.manifests) ? detail.manifests : [];
  const manifests = listed.flatMap((one: { manifest?: unknown; generation?: unknown } | null) => {
    const manifest = typeof one?.manifest === "string" ? one.manifest : "";
    const name = parseManifestKey(manifest);
    const generation = one?.generation;
    if (!name || !Number.isSafeInteger(generation)) return [];
    return [{ ...name, generation: Number(generation), manifest, receipt: receiptKey(name) }];
  });
  if (manifests.length > 0 && manifests.length === listed.length) return manifests;
  throw new UnexpectedEventError("a ManifestProcessed event that names manifests and generations", event);
}
