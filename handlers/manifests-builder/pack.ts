import { compareInputs, type InputIdentity } from "../../runtime/manifests/manifests";

/** Limits of one manifest. */
export interface Limits {
  /** Maximum bytes of input; a single file above it is a manifest of its own. */
  readonly bytes: number;
  readonly files: number;
}

/**
 * Splits the files, sorted, into as many lists as the limits demand; every file is in one, however small the
 * last list is.
 */
export function pack<File extends InputIdentity & { readonly size: number }>(
  files: readonly File[],
  limits: Limits,
): File[][] {
  const packed: File[][] = [];
  let current: File[] = [];
  let bytes = 0;
  for (const file of [...files].sort(compareInputs)) {
    const full = current.length >= limits.files || bytes + file.size > limits.bytes;
    if (current.length > 0 && full) {
      packed.push(current);
      current = [];
      bytes = 0;
    }
    current.push(file);
    bytes += file.size;
  }
  return current.length > 0 ? [...packed, current] : packed;
}
