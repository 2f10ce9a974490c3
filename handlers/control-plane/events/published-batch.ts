import { UnexpectedEventError } from "../../../runtime/errors";

const FIGURES = [
  "batch",
  "token",
  "files",
  "partial_files",
  "rows",
  "dead_letters",
  "input_bytes",
  "output_bytes",
  "objects",
] as const;

/** Published batch of the ledger pipeline, as the batch job reports it. */
export type PublishedBatch = Readonly<Record<(typeof FIGURES)[number] | "other_rows", number>> & {
  readonly dataset: string;
  /** Names of columns that the dataset does not declare. */
  readonly columns: readonly string[];
  /** Duration of the work. */
  readonly seconds: number;
};

/**
 * Parses a `LedgerBatchPublished` event.
 *
 * @throws UnexpectedEventError when a field is missing
 */
export function readPublished(event: unknown): PublishedBatch {
  const { detail } = (event ?? {}) as { detail?: Record<string, unknown> };
  const { dataset, columns, seconds } = detail ?? {};
  const figures = FIGURES.map((name) => [name, detail?.[name]] as const);
  const isWhole =
    typeof dataset === "string" &&
    dataset !== "" &&
    Array.isArray(columns) &&
    columns.every((column) => typeof column === "string") &&
    typeof seconds === "number" &&
    figures.every(([, value]) => Number.isSafeInteger(value));
  if (!isWhole) throw new UnexpectedEventError("a LedgerBatchPublished event with all its figures", event);
  // an event of an earlier release does not count them
  const other_rows = Number(detail?.["other_rows"] ?? 0);
  return { ...(Object.fromEntries(figures) as PublishedBatch), other_rows, dataset, columns, seconds };
}
