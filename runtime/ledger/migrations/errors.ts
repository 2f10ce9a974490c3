/** Thrown when a file that was applied before has other content now, or is gone. */
export class ChangedMigrationError extends Error {
  override readonly name = "ChangedMigrationError";

  constructor(file: string, applied: string, found: string | undefined) {
    super(
      `migration ${file} was applied with SHA-256 ${applied} and ${found === undefined ? "is gone" : `is ${found} now`}: ` +
        "restore it, and put the change into a new file with the next number; one of a newer release is taken along (docs/releases.md)",
    );
  }
}

/** Thrown when the names or first lines of migration files break the rules. */
export class MigrationFilesError extends Error {
  override readonly name = "MigrationFilesError";
}

/**
 * Thrown when a migration failed; its changes are rolled back, unless it is marked to run outside of a
 * transaction.
 */
export class FailedMigrationError extends Error {
  override readonly name = "FailedMigrationError";

  constructor(file: string, cause: unknown) {
    super(`migration ${file} failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
