/** Thrown when the function's time does not suffice. No retry helps. */
export class MigrationTooLongError extends Error {
  override readonly name = "MigrationTooLongError";

  constructor(reason: string) {
    super(
      `${reason}: a migration takes longer than a function may run, or another migrator holds it up; apply it by ` +
        "`npm run migrate` from where the ledger can be reached, then deploy again",
    );
  }
}
