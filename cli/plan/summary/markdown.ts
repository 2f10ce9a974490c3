/** Markdown as GitHub reads it, of values that are others' words: none of them can be read as anything but text. */
import { visible } from "../../../setup/terminal";

/** Characters of a value that a table shows; the whole stands in the plan's JSON. */
const LONGEST = 240;

/** What a code span shows as it is: no end of the span or of a cell, and no space at its ends. */
const PLAIN = /^(?! )[^`|\\]+(?<! )$/;

/** A value as code, on one line, in a table or not. */
export function code(text: string): string {
  const line = shortened(visible(text));
  if (PLAIN.test(line)) return `\`${line}\``;
  return `<code>${line.replaceAll(/[^\p{L}\p{N} ]/gu, (each) => `&#${each.codePointAt(0)};`)}</code>`;
}

function shortened(line: string): string {
  const characters = [...line];
  if (characters.length <= LONGEST) return line;
  return `${characters.slice(0, LONGEST).join("")}… (${characters.length} characters)`;
}

/** Part of a summary: a heading and a table, which is cut between two rows. */
export interface Section {
  readonly heading: string;
  /** Folded sections show their heading until they are opened. */
  readonly isFolded?: boolean;
  readonly columns: readonly string[];
  /** Cells in Markdown. */
  readonly rows: readonly (readonly string[])[];
}

/** Summary as it is before it is cut. */
export interface Summary {
  /** Markdown that is never cut. */
  readonly head: string;
  /** The first are cut last. */
  readonly sections: readonly Section[];
}

/**
 * Writes a summary in at most `limit` characters. What is left out is counted in its place.
 * @param whole where the summary stands without a cut, in Markdown
 */
export function render({ head, sections }: Summary, limit = Number.POSITIVE_INFINITY, whole = ""): string {
  const there = sections.filter(({ rows }) => rows.length > 0);
  const all = there.map((section) => renderSection(section, section.rows.length, ""));
  const text = [head, ...all].join("\n\n");
  if (text.length <= limit) return `${text}\n`;
  // each section keeps its heading and its count; rows go to the first ones
  const notice = `**Cut to ${limit.toLocaleString("en-US")} characters.** The whole: ${whole}`;
  const least = there.map((section) => renderSection(section, 0, leftOut(section.rows.length)));
  let left = limit - [head, notice, ...least].join("\n\n").length - 1;
  const cut = there.map((section, index) => {
    const kept = fitting(section, left + (least[index]?.length ?? 0));
    const missing = section.rows.length - kept;
    const rendered = renderSection(section, kept, missing === 0 ? "" : leftOut(missing));
    left -= rendered.length - (least[index]?.length ?? 0);
    return rendered;
  });
  return `${[head, notice, ...cut].join("\n\n")}\n`;
}

/** Number of a section's rows that fit into `room` characters, with the count of the others. */
function fitting(section: Section, room: number): number {
  const { length } = section.rows;
  const sizeOf = (kept: number) =>
    renderSection(section, kept, kept === length ? "" : leftOut(length - kept)).length;
  let [kept, beyond] = [0, length + 1];
  while (beyond - kept > 1) {
    const middle = Math.floor((kept + beyond) / 2);
    if (sizeOf(middle) <= room) kept = middle;
    else beyond = middle;
  }
  return kept;
}

function leftOut(rows: number): string {
  return `*${rows.toLocaleString("en-US")} ${rows === 1 ? "row is" : "rows are"} left out here.*`;
}

function renderSection({ heading, isFolded, columns, rows }: Section, kept: number, end: string): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const table = [line(columns), line(columns.map(() => "---")), ...rows.slice(0, kept).map(line)];
  const body = [...(kept === 0 ? [] : [table.join("\n")]), ...(end === "" ? [] : [end])].join("\n\n");
  if (!isFolded) return `### ${heading}\n\n${body}`;
  return `<details><summary>${heading}</summary>\n\n${body}\n\n</details>`;
}
