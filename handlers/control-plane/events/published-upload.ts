import { UnexpectedEventError } from "../../../runtime/errors";

/** Published upload with undeclared fields, as the uploads job reports it. */
export interface PublishedUpload {
  readonly dataset: string;
  readonly key: string;
  readonly version: string;
  /** Names of columns that the dataset does not declare. */
  readonly columns: readonly string[];
  /** Number of rows with keys in `_other`. */
  readonly otherRows: number;
}

/**
 * Parses an `UploadPublished` event.
 *
 * @throws UnexpectedEventError when a field is missing
 */
export function readUpload(event: unknown): PublishedUpload {
  const { detail } = (event ?? {}) as { detail?: Record<string, unknown> };
  const { dataset, key, version, columns, other_rows: otherRows } = detail ?? {};
  const isWhole =
    isName(dataset) &&
    isName(key) &&
    isName(version) &&
    Array.isArray(columns) &&
    columns.every(isName) &&
    Number.isSafeInteger(otherRows);
  if (!isWhole) throw new UnexpectedEventError("an UploadPublished event with all its fields", event);
  return { dataset, key, version, columns, otherRows: Number(otherRows) };
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
