/**
 * Thrown when another builder claimed the file a moment ago and may still write its manifest. The message
 * comes back.
 */
export class ClaimedElsewhereError extends Error {
  override readonly name = "ClaimedElsewhereError";

  constructor(key: string, manifest: string) {
    super(`${key} is claimed by ${manifest}, which does not stand yet: it is taken over once it is late`);
  }
}

/** Thrown when the item of a file changed before each of several writes. The message comes back. */
export class ContestedFileError extends Error {
  override readonly name = "ContestedFileError";

  constructor(key: string, attempts: number) {
    super(`the item of ${key} changed before each of ${attempts} writes: other builders are at work on it`);
  }
}

/** Thrown when the newer version that replaces this one was not accepted. Both messages come back. */
export class NewerVersionFailedError extends Error {
  override readonly name = "NewerVersionFailedError";

  constructor(key: string, version: string) {
    super(`version ${version} of ${key} waits for the newer one of its batch, which was not taken`);
  }
}

/** Thrown when the invocation's time is nearly over. The message comes back. */
export class OutOfTimeError extends Error {
  override readonly name = "OutOfTimeError";

  constructor(work: string, remainingMs: number) {
    super(`${work} was not begun with ${remainingMs} ms left: fewer files a batch would do`);
  }
}

/**
 * Thrown when S3 refused to write a manifest because it exists, and then it did not: somebody deletes
 * manifests.
 */
export class ManifestVanishedError extends Error {
  override readonly name = "ManifestVanishedError";

  constructor(key: string) {
    super(`${key} stood and is gone: nobody may delete manifests, for their names must not be used again`);
  }
}
