import { expectedAt } from "../../../runtime/expected";
import type { Letter, Row, SentFile } from "./sent";

/** What became of a file. */
export interface Found {
  readonly status: string;
  /** Why it has this status, where its pipeline says so. */
  readonly reason?: string | undefined;
  /** Rows of the table under the test's label, as texts. */
  readonly rows: readonly { readonly number: string; readonly text: string }[];
  readonly deadLetters: readonly Letter[];
}

/** Compares what was found with what was sent; returns each difference, none where all is well. */
export function differences(sent: SentFile, found: Found, status: string): string[] {
  const at = (what: string) => `${sent.pipeline}: ${what}`;
  const problems = [
    ...rowProblems(sent.rows, found.rows).map((problem) => at(`table ${sent.dataset}: ${problem}`)),
  ];
  if (found.status !== status) {
    const why = found.reason === undefined ? "" : `: ${found.reason}`;
    problems.push(`${expectedAt(at("status of the file"), status, found.status)}${why}`);
  }
  const [letter] = found.deadLetters;
  if (found.deadLetters.length !== 1 || letter === undefined) {
    problems.push(expectedAt(at("dead letters"), "1", found.deadLetters.length));
  } else if (letter.line !== sent.broken.line || letter.text !== sent.broken.text) {
    problems.push(expectedAt(at("dead letter"), JSON.stringify(sent.broken), letter));
  }
  return problems;
}

function rowProblems(sent: readonly Row[], found: Found["rows"]): string[] {
  const problems = sent.flatMap(({ number, text }) => {
    const same = found.filter((row) => row.number === String(number));
    if (same.length !== 1) return [expectedAt(`row ${number}`, "once", same.length)];
    const [row] = same;
    return row?.text === text ? [] : [expectedAt(`row ${number}`, JSON.stringify(text), row?.text)];
  });
  const numbers = new Set(sent.map(({ number }) => String(number)));
  const others = found.filter(({ number }) => !numbers.has(number));
  return [...problems, ...others.map(({ number }) => expectedAt(`row ${number}`, "no such row", 1))];
}
