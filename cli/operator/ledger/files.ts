import {
  type FilesPage,
  type FilesPlace,
  type LedgerFile,
  type LedgerFileStatus,
  MAX_NAMES,
  MAX_ON_A_PAGE,
} from "../../../runtime/ledger/operator-protocol";
import { EXIT, type ExitCode } from "../command/exit-codes";
import { checkOneGiven } from "../command/given";
import type { Operator } from "../command/operator";
import { type Column, table } from "../command/tables";
import { ask } from "./ask";

export interface LedgerFilesOptions {
  /** Ids, keys or addresses of files. */
  readonly names: readonly string[];
  readonly status?: LedgerFileStatus;
  readonly batch?: number;
  /** Maximum number of files to show; 0: all. */
  readonly limit: number;
  /** Place at which an earlier list ended. */
  readonly after?: FilesPlace;
}

const ERROR_CHARACTERS = 60;

const COLUMNS: readonly Column<LedgerFile>[] = [
  { head: "id", cell: ({ id }) => String(id) },
  { head: "status", cell: ({ status }) => status },
  { head: "dataset", cell: ({ dataset }) => dataset },
  { head: "registered", cell: ({ registeredAt }) => registeredAt.slice(0, 19) },
  { head: "bytes", cell: ({ size }) => size },
  { head: "batch", cell: ({ batch }) => (batch === null ? undefined : String(batch)) },
  { head: "attempts", cell: ({ attempts }) => attempts },
  { head: "file", cell: ({ key }) => key },
  { head: "version", cell: ({ version }) => version },
  { head: "error", cell: ({ error }) => error?.slice(0, ERROR_CHARACTERS) },
];

/** @throws UsageError unless files are selected in one way */
export function checkLedgerFiles({ names, status, batch }: LedgerFilesOptions): void {
  const ways = [{ files: names[0] }, { "--status": status }, { "--batch": batch }];
  checkOneGiven("one of files, --status or --batch", ways);
}

/** Shows files by their names, by a status, or of a batch. */
export async function ledgerFiles(operator: Operator, options: LedgerFilesOptions): Promise<ExitCode> {
  const { names } = options;
  return names.length > 0 ? showNamed(operator, names) : showPages(operator, options);
}

async function showNamed(operator: Operator, names: readonly string[]): Promise<ExitCode> {
  const all: LedgerFile[] = [];
  const unknown: string[] = [];
  for (const some of inChunks(names)) {
    const found = await ask(operator, "find", { names: some });
    all.push(...found.files);
    unknown.push(...found.unknown);
  }
  for (const name of unknown) operator.terminal.warn(`the ledger has no file ${name}`);
  showFiles(operator, all);
  return all.length > 0 ? EXIT.ok : EXIT.nothing;
}

async function showPages(operator: Operator, options: LedgerFilesOptions): Promise<ExitCode> {
  const { limit } = options;
  let { after } = options;
  let shown = 0;
  do {
    const left = limit === 0 ? MAX_ON_A_PAGE : limit - shown;
    const page = await pageAfter(operator, options, after, Math.min(left, MAX_ON_A_PAGE));
    showFiles(operator, page.files);
    shown += page.files.length;
    after = page.next;
  } while (after !== undefined && (limit === 0 || shown < limit) && !operator.signal.aborted);
  if (after !== undefined) {
    operator.terminal.warn(
      `there may be more: --after ${after.batch}:${after.file} goes on here, --limit 0 shows all`,
    );
  }
  return shown > 0 ? EXIT.ok : EXIT.nothing;
}

function pageAfter(
  operator: Operator,
  { status, batch }: LedgerFilesOptions,
  after: FilesPlace | undefined,
  limit: number,
): Promise<FilesPage> {
  return ask(operator, "files", {
    limit,
    ...(status === undefined ? {} : { status }),
    ...(batch === undefined ? {} : { batch }),
    ...(after === undefined ? {} : { after }),
  });
}

/** Prints a table, or one object a line; nothing where there are no files. */
export function showFiles({ terminal }: Operator, files: readonly LedgerFile[]): void {
  if (files.length === 0) return;
  if (terminal.json) for (const file of files) terminal.record(file);
  else terminal.write(table(COLUMNS, files));
}

/** Splits names into as many as a request takes. */
export function* inChunks(names: readonly string[]): Generator<string[]> {
  for (let begin = 0; begin < names.length; begin += MAX_NAMES) yield names.slice(begin, begin + MAX_NAMES);
}
