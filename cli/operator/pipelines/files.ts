import type { Pipeline } from "../../../environments/schema";
import { explained, wordsOf } from "../command/errors";
import { EXIT, type ExitCode } from "../command/exit-codes";
import { checkOn } from "../command/needed";
import type { Operator } from "../command/operator";
import { type Column, table } from "../command/tables";
import { ledgerFileRows } from "../ledger/file-rows";
import { manifestsFileRows } from "../manifests/file-rows";
import { uploadsFileRows } from "../uploads/file-rows";
import type { WaitingStatus } from "./choices";

export interface FilesOptions {
  readonly status: WaitingStatus;
  readonly pipeline?: Pipeline;
  readonly dataset?: string;
  /** Maximum number of files to show of each pipeline; 0: all. */
  readonly limit: number;
}

/** A version of a file that is not done. */
export interface FileRow {
  readonly pipeline: Pipeline;
  /** Absent where no declared dataset takes its key. */
  readonly dataset?: string;
  readonly key: string;
  /** Absent where the pipeline's index does not have it: the newest one. */
  readonly version?: string;
  /** Since when it waits, or when it was quarantined: ISO 8601, UTC. */
  readonly since: string;
  readonly attempts?: number;
  readonly error?: string;
}

const ROWS: Readonly<
  Record<Pipeline, (operator: Operator, status: WaitingStatus) => AsyncIterable<FileRow>>
> = {
  uploads: uploadsFileRows,
  manifests: manifestsFileRows,
  ledger: ledgerFileRows,
};

/** Number of files in a block, so that millions of them need no memory. */
const BLOCK = 500;
const ERROR_CHARACTERS = 80;
const COLUMNS: readonly Column<FileRow>[] = [
  { head: "pipeline", cell: ({ pipeline }) => pipeline },
  { head: "dataset", cell: ({ dataset }) => dataset },
  { head: "since", cell: ({ since }) => since.slice(0, 19) },
  { head: "attempts", cell: ({ attempts }) => attempts },
  { head: "file", cell: ({ key }) => key },
  { head: "version", cell: ({ version }) => version },
  { head: "error", cell: ({ error }) => error?.slice(0, ERROR_CHARACTERS) },
];

/**
 * Shows the files that wait, failed, or are in quarantine, of every pipeline in one form. One that cannot be read is
 * said to be so, and hides no other.
 */
export async function files(operator: Operator, options: FilesOptions): Promise<ExitCode> {
  const { environment, terminal, signal } = operator;
  const { status, pipeline, dataset, limit } = options;
  if (pipeline !== undefined) checkOn(environment, pipeline);
  const block: FileRow[] = [];
  let shown = 0;
  let haveAll = true;
  const show = async (each: Pipeline) => {
    let count = 0;
    for await (const row of ROWS[each](operator, status)) {
      if (signal.aborted) break;
      if (dataset !== undefined && row.dataset !== dataset) continue;
      if (limit > 0 && count === limit) {
        terminal.warn(`there are more than ${limit} of ${each}: --limit 0 shows all`);
        break;
      }
      count += 1;
      shown += 1;
      if (terminal.json) terminal.record(row);
      else block.push(row);
      if (block.length === BLOCK) terminal.write(table(COLUMNS, block.splice(0)));
    }
  };
  for (const each of environment.pipelines.filter((one) => pipeline === undefined || one === pipeline)) {
    await show(each).catch((error) => {
      haveAll = false;
      terminal.warn(`${each}: ${wordsOf(explained(error, environment))}`);
    });
  }
  if (block.length > 0) terminal.write(table(COLUMNS, block));
  if (!haveAll) return EXIT.failed;
  if (shown === 0) terminal.warn(`no file is ${status}`);
  return shown > 0 ? EXIT.ok : EXIT.nothing;
}
