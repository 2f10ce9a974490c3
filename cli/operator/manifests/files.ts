import { expectedAt } from "../../../runtime/expected";
import type { FileStatus, OpenStatus, TrackedFile } from "../../../runtime/manifests/tracking";
import { UsageError } from "../command/errors";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { type Column, table } from "../command/tables";
import { OPEN_STATUSES } from "./choices";
import { filesOfDate, isOpen, type OpenFile, openFiles } from "./tracking";

export interface FilesOptions {
  readonly date?: string;
  readonly status?: FileStatus;
  readonly dataset?: string;
  /** Maximum number of files to show; 0: all. */
  readonly limit: number;
}

/** Number of files in a block, so that millions of them need no memory. */
const BLOCK = 500;
const ERROR_CHARACTERS = 60;

const OF_DATE: readonly Column<TrackedFile>[] = [
  { head: "status", cell: ({ status }) => status },
  { head: "taken", cell: ({ createdAt }) => createdAt },
  { head: "bytes", cell: ({ size }) => size },
  { head: "revision", cell: ({ revision }) => revision },
  { head: "manifest", cell: ({ manifestPath }) => idOf(manifestPath) },
  { head: "file", cell: ({ key }) => key },
  { head: "error", cell: ({ errorMessage }) => errorMessage?.slice(0, ERROR_CHARACTERS) },
];

const OF_INDEX: readonly Column<OpenFile>[] = [
  { head: "taken", cell: ({ createdAt }) => createdAt },
  { head: "manifest", cell: ({ manifestPath }) => idOf(manifestPath) },
  { head: "file", cell: ({ key }) => key },
  { head: "older version", cell: ({ version }) => version },
];

/** Shows the files of a date, or, without one, the unfinished files of a status whatever their date. */
export async function files(operator: Operator, options: FilesOptions): Promise<ExitCode> {
  const { date, status, dataset, limit } = options;
  if (date !== undefined) {
    return show(operator, filesOfDate(operator, date, { status, dataset }), OF_DATE, limit);
  }
  return show(operator, openFiles(operator, openStatus(options)), OF_INDEX, limit);
}

/** @throws UsageError when too little is given to find files by */
export function checkFiles(options: FilesOptions): void {
  if (options.date === undefined) openStatus(options);
}

function openStatus({ status, dataset }: FilesOptions): OpenStatus {
  if (isOpen(status) && dataset === undefined) return status;
  const instead = `a date, or instead of it a --status of ${OPEN_STATUSES.join(", ")} without --dataset`;
  throw new UsageError(expectedAt("--date", instead, undefined));
}

async function show<File>(
  operator: Operator,
  found: AsyncIterable<File>,
  columns: readonly Column<File>[],
  limit: number,
): Promise<ExitCode> {
  const { terminal, signal } = operator;
  const block: File[] = [];
  let shown = 0;
  for await (const file of found) {
    if (signal.aborted) break;
    if (limit > 0 && shown === limit) {
      terminal.warn(`there are more than ${limit}: --limit 0 shows all`);
      break;
    }
    shown += 1;
    if (terminal.json) terminal.record(file);
    else block.push(file);
    if (block.length === BLOCK) terminal.write(table(columns, block.splice(0)));
  }
  if (block.length > 0) terminal.write(table(columns, block));
  if (shown === 0) terminal.warn("no file fits");
  return shown > 0 ? EXIT.ok : EXIT.nothing;
}

export function idOf(manifestPath: string | undefined): string | undefined {
  return manifestPath?.replace(/^.*\/|\.json$/g, "");
}
