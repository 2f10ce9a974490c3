import { bucketName } from "../../../environments/schema";
import type { Operator } from "../command/operator";
import { table } from "../command/tables";
import { linesOf } from "../letters/lines";
import { openText } from "../manifests/objects";

/** Rejected line, as every job keeps it. */
export interface DeadLetter {
  readonly line: number;
  readonly offset?: number;
  readonly reason: string;
  readonly message?: string;
  /** Text of the line where it is UTF-8. */
  readonly raw_text?: string;
}

export interface DeadLetters {
  /** Key in the quarantine bucket. */
  readonly key: string;
  readonly count: number;
  readonly first: readonly DeadLetter[];
}

/** File version as outputs name it. */
export interface FileVersion {
  readonly key: string;
  readonly version: string;
}

/** Dead letters that are to be shown. */
export interface WantedLetters {
  /** Maximum number. */
  readonly lines: number;
  /** Only those of that line. */
  readonly line?: number;
}

/** Number of characters of a rejected line that are shown. */
const SHOWN_CHARACTERS = 60;
const PROGRESS_LINES = 100_000;

/**
 * Reads the dead letters of one file in an object of them; line by line, for they may be many. The names of a file
 * stand in the first of its letters.
 */
export async function readDeadLetters(
  operator: Operator,
  key: string,
  file: FileVersion,
  { lines, line: wanted }: WantedLetters,
): Promise<DeadLetters> {
  const stream = await openText(operator, bucketName(operator.environment, "quarantine"), key);
  const first: DeadLetter[] = [];
  let [count, read] = [0, 0];
  if (stream !== undefined) {
    let isOfFile = false;
    for await (const text of linesOf(stream)) {
      if (++read % PROGRESS_LINES === 0) operator.terminal.progress(`${read} dead letters of ${key} read`);
      // most lines are of other files, and parsing is dear; within a text its quotes are escaped
      if (text.includes('"source_key":')) isOfFile = isLetterOf(text, file);
      if (!isOfFile) continue;
      count += 1;
      if (first.length === lines) continue;
      const letter: DeadLetter = JSON.parse(text);
      if (wanted === undefined || letter.line === wanted) first.push(letter);
    }
  }
  return { key, count, first };
}

function isLetterOf(line: string, { key, version }: FileVersion): boolean {
  if (!line.includes(version)) return false;
  const letter = JSON.parse(line);
  return letter.source_key === key && letter.source_version === version;
}

/** Where the dead letters are, for a reader. */
export function letterEntries(
  { key, count }: DeadLetters,
  environment: Operator["environment"],
): (readonly [string, string])[] {
  return [
    ["dead letters", `${count} of this file in`],
    ["", `s3://${bucketName(environment, "quarantine")}/${key}`],
  ];
}

export function lettersText(letters: readonly DeadLetter[]): string {
  return table(
    [
      { head: "line", cell: ({ line }) => line },
      { head: "reason", cell: ({ reason }) => reason },
      { head: "message", cell: ({ message }) => message },
      { head: "begins with", cell: ({ raw_text }) => raw_text?.slice(0, SHOWN_CHARACTERS) },
    ],
    letters,
  );
}
