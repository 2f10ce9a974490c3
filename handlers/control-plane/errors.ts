/**
 * Thrown when the object that an event reports as committed cannot be read. A retry helps when the event is
 * early, and otherwise a person.
 */
export class MissingReceiptError extends Error {
  override readonly name = "MissingReceiptError";

  constructor(key: string, generation: number) {
    super(`${key} does not stand in generation ${generation}: the streaming job writes it before its event`);
  }
}

/** Thrown when some files of a manifest kept their old status. A retry repeats only those. */
export class FilesLeftError extends AggregateError {
  override readonly name = "FilesLeftError";

  constructor(manifest: string, errors: readonly Error[], files: number) {
    super(
      errors,
      `${errors.length} of ${files} files of ${manifest} have no status yet: ${errors[0]?.message}`,
    );
  }
}

/**
 * Thrown when the time did not suffice for all new columns. A retry, or the next manifest that has them, goes
 * on.
 */
export class ColumnsLeftError extends Error {
  override readonly name = "ColumnsLeftError";

  constructor(dataset: string, columns: number) {
    super(`${columns} new columns of ${dataset} are not in the catalog yet: there was no time for more`);
  }
}

/** Thrown when columns are to be dropped that the dataset declares. */
export class DeclaredColumnsError extends Error {
  override readonly name = "DeclaredColumnsError";

  constructor(dataset: string, columns: readonly string[]) {
    super(`${dataset} declares ${columns.join(", ")}: take them out of its declaration first`);
  }
}

/** Thrown when a dataset has no table in the catalog. A deploy creates it. */
export class UnknownTableError extends Error {
  override readonly name = "UnknownTableError";

  constructor(database: string, table: string) {
    super(`the catalog has no table ${database}.${table}: deploy, which makes the table of each dataset`);
  }
}
