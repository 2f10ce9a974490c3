import type { Pipeline } from "../../../environments/schema";
import { explained, wordsOf } from "../command/errors";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { type Column, table } from "../command/tables";
import { begun } from "../command/together";
import { ledgerFileRows } from "../ledger/file-rows";
import { manifestsFileRows } from "../manifests/file-rows";
import { uploadsFileRows } from "../uploads/file-rows";
import type { WaitingStatus } from "./choices";
import { type Narrowed, wantedPipelines } from "./narrowed";

export interface FilesOptions extends Narrowed {
  readonly status: WaitingStatus;
  /** Maximum number of files to show of each pipeline; 0: all. */
  readonly limit: number;
}

/** Files that a pipeline is asked for; those of other datasets may come, too. */
export interface WantedFiles {
  readonly status: WaitingStatus;
  readonly dataset?: string;
}

/** A version of a file that is not done. */
export interface FileRow {
  readonly pipeline: Pipeline;
  /** Absent where no declared dataset takes its key. */
  readonly dataset?: string;
  readonly key: string;
  readonly version: string;
  /** Since when it waits, or when it was quarantined: ISO 8601, UTC. */
  readonly since: string;
  readonly attempts?: number;
  readonly error?: string;
}

const ROWS: Readonly<Record<Pipeline, (operator: Operator, wanted: WantedFiles) => AsyncGenerator<FileRow>>> =
  {
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
  const { status, dataset, limit } = options;
  const block: FileRow[] = [];
  let shown = 0;
  let haveAll = true;
  const show = async (pipeline: Pipeline, rows: AsyncIterable<FileRow>) => {
    let count = 0;
    for await (const row of rows) {
      if (signal.aborted) break;
      if (dataset !== undefined && row.dataset !== dataset) continue;
      if (limit > 0 && count === limit) {
        terminal.warn(`there are more than ${limit} of ${pipeline}: --limit 0 shows all`);
        break;
      }
      count += 1;
      shown += 1;
      if (terminal.json) terminal.record(row);
      else block.push(row);
      if (block.length === BLOCK) terminal.write(table(COLUMNS, block.splice(0)));
    }
  };
  const streams = wantedPipelines(environment, options).map((pipeline) => ({
    pipeline,
    rows: begun(ROWS[pipeline](operator, { status, ...(dataset && { dataset }) })),
  }));
  for (const { pipeline, rows } of streams) {
    await show(pipeline, rows).catch((error) => {
      haveAll = false;
      terminal.warn(`${pipeline}: ${wordsOf(explained(error, environment))}`);
    });
  }
  if (block.length > 0) terminal.write(table(COLUMNS, block));
  if (!haveAll) return EXIT.failed;
  if (shown === 0) terminal.warn(`no file is ${status}`);
  return shown > 0 ? EXIT.ok : EXIT.nothing;
}
