import type { ClientBase } from "pg";
import {
  FILE_STATUSES,
  type FilesPage,
  type FilesPlace,
  type FilesRequest,
  type FoundFiles,
  type LedgerFile,
  MAX_NAMES,
  MAX_ON_A_PAGE,
} from "../../runtime/ledger/operator-protocol";
import { UnreadableRequestError } from "./errors";
import { type Ledger, rowsOf } from "./ledger";
import {
  FIND_BY_ID,
  FIND_BY_KEY,
  PAGE_OF_BATCH,
  pageOfBatches,
  QUARANTINED_PAGE,
  QUEUED_PAGE,
} from "./statements";

const BEGIN: FilesPlace = { batch: 0, file: 0 };

/**
 * Reads one page of the files of a status or of a batch. Files that change their status between two pages may
 * be missed or come twice; none is missed that keeps it.
 *
 * @throws UnreadableRequestError when limit or status is invalid
 */
export function readFiles(ledger: Ledger, request: FilesRequest): Promise<FilesPage> {
  const { limit } = request;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_ON_A_PAGE) {
    throw new UnreadableRequestError("limit", limit, `a whole number from 1 to ${MAX_ON_A_PAGE}`);
  }
  return ledger.read(async (client) => {
    const files = await pageOf(client, request);
    const last = files.at(-1);
    if (last === undefined || files.length < limit) return { files };
    return { files, next: placeAfter(last, request) };
  });
}

/**
 * Position after a file. Files in the queue and in quarantine are ordered by themselves; they count as files
 * of batch 0.
 */
function placeAfter({ id: file, batch }: LedgerFile, { status }: FilesRequest): FilesPlace {
  return { batch: status === "quarantined" ? 0 : (batch ?? 0), file };
}

async function pageOf(client: ClientBase, request: FilesRequest): Promise<LedgerFile[]> {
  const { status, batch, after = BEGIN, limit } = request;
  const inBatches = (statement: string, place: FilesPlace, most: number, ...more: readonly number[]) =>
    rowsOf<LedgerFile>(client, statement, [place.batch, place.file, most, ...more]);
  if (batch !== undefined) return inBatches(PAGE_OF_BATCH, after, limit, batch);
  if (status === undefined || !FILE_STATUSES.includes(status)) {
    throw new UnreadableRequestError("status", status, `one of ${FILE_STATUSES.join(", ")}, or a batch`);
  }
  if (status === "quarantined") return rowsOf(client, QUARANTINED_PAGE, [after.file, limit]);
  if (status !== "pending") return inBatches(pageOfBatches(status), after, limit);
  // the queue first, then batches that were given back
  const queued = after.batch > 0 ? [] : await rowsOf<LedgerFile>(client, QUEUED_PAGE, [after.file, limit]);
  if (queued.length === limit) return queued;
  const place = after.batch > 0 ? after : BEGIN;
  return [...queued, ...(await inBatches(pageOfBatches("pending"), place, limit - queued.length))];
}

/**
 * Finds all versions of the files with those names.
 *
 * @throws UnreadableRequestError when there are no names or too many
 */
export function findFiles(ledger: Ledger, names: readonly string[]): Promise<FoundFiles> {
  return ledger.read((client) => lookUp(client, names));
}

/**
 * Looks up files by their names.
 *
 * @throws UnreadableRequestError when there are no names or too many
 */
export async function lookUp(client: ClientBase, names: readonly string[]): Promise<FoundFiles> {
  if (!Array.isArray(names) || names.length < 1 || names.length > MAX_NAMES) {
    throw new UnreadableRequestError("names", names, `1 to ${MAX_NAMES} names`);
  }
  const wanted = [...new Set(names)].map((name) => ({ name, ...meaningOf(name) }));
  const byId = await rowsOf<LedgerFile>(client, FIND_BY_ID, [wanted.flatMap(({ id }) => id ?? [])]);
  const byKey = await rowsOf<LedgerFile>(client, FIND_BY_KEY, [wanted.flatMap(({ key }) => key ?? [])]);
  const found = (each: Meaning): LedgerFile[] =>
    each.id === undefined
      ? byKey.filter(({ bucket, key }) => key === each.key && (each.bucket ?? bucket) === bucket)
      : byId.filter(({ id }) => id === each.id);
  const files = new Map(wanted.flatMap(found).map((file) => [file.id, file]));
  return {
    files: [...files.values()],
    unknown: wanted.filter((each) => found(each).length === 0).map(({ name }) => name),
  };
}

interface Meaning {
  readonly id?: number;
  readonly bucket?: string;
  readonly key?: string;
}

/** Classifies a name: a number is an id; an `s3://` address has a bucket; anything else is a key. */
function meaningOf(name: string): Meaning {
  if (/^\d{1,15}$/.test(name)) return { id: Number(name) };
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(name) ?? [];
  return bucket === undefined || key === undefined ? { key: name } : { bucket, key };
}
