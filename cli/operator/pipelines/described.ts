import type { Pipeline } from "../../../environments/schema";
import type { Operator } from "../command/operator";
import { bytes, list, table } from "../command/tables";
import type { WantedLetters } from "./letters";
import type { Meant } from "./meant";

/** What is known of a file, in both forms. */
export interface Described {
  readonly data: object;
  readonly text: string;
  /** Object of the raw bucket that has the newest version's bytes, or those of the one that was asked for. */
  readonly stored?: { readonly key: string; readonly version?: string };
}

/** Reads what a pipeline knows of a file; undefined where its tables and the raw bucket do not know it. */
export type Describe = (
  operator: Operator,
  file: Meant,
  wanted: WantedLetters,
) => Promise<Described | undefined>;

/** File that an output was made of. */
export interface PartOfWork {
  readonly key: string;
  readonly version: string;
  /** Bytes. */
  readonly size: number;
  readonly status: string;
  readonly error?: string;
}

/** A manifest or a batch with the files that its outputs are made of. */
export interface DescribedWork {
  readonly pipeline: Pipeline;
  /** Address of the manifest, or `batch <id>`. */
  readonly work: string;
  readonly dataset: string;
  readonly state: string;
  /** Addresses of what it made, Parquet and dead letters. */
  readonly outputs: readonly string[];
  /** Number of its files, of which `files` may be the first. */
  readonly fileCount: number;
  readonly files: readonly PartOfWork[];
}

/** Files and outputs that are shown to a reader. */
export const SHOWN_OF_WORK = 100;
const SHOWN_OUTPUTS = 10;
const ERROR_CHARACTERS = 80;

export function workText({
  work,
  pipeline,
  dataset,
  state,
  outputs,
  fileCount,
  files,
}: DescribedWork): string {
  const made = outputs.slice(0, SHOWN_OUTPUTS);
  const head = list([
    [pipeline === "ledger" ? "batch" : "manifest", work],
    ["pipeline", pipeline],
    ["dataset", dataset],
    ["state", state],
    ...(made.length > 0 ? made : ["nothing yet"]).map(
      (output, index) => [index === 0 ? "made" : "", output] as const,
    ),
    ...(outputs.length > made.length ? [["", `and ${outputs.length - made.length} more`] as const] : []),
    ["files", fileCount],
  ]);
  const shown = files.slice(0, SHOWN_OF_WORK);
  const rows = table<PartOfWork>(
    [
      { head: "status", cell: ({ status }) => status },
      { head: "size", cell: ({ size }) => bytes(size) },
      { head: "file", cell: ({ key }) => key },
      { head: "version", cell: ({ version }) => version },
      { head: "error", cell: ({ error }) => error?.slice(0, ERROR_CHARACTERS) },
    ],
    shown,
  );
  const more = fileCount > shown.length ? [`and ${fileCount - shown.length} files more: --json has all`] : [];
  return [head, ...(shown.length > 0 ? [rows] : []), ...more].join("\n\n");
}

/** The versions that are meant: the one that was asked for, else all; all, too, where no table knows that one. */
export function meantVersions<Version extends { readonly version: string }>(
  { terminal }: Operator,
  { key, version }: Meant,
  versions: readonly Version[],
): readonly Version[] {
  if (version === undefined) return versions;
  const meant = versions.filter((each) => each.version === version);
  if (meant.length > 0) return meant;
  terminal.warn(`no table knows version ${version} of ${key}: it may have expired; shown is what they know`);
  return versions;
}
