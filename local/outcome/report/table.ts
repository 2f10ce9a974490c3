import { type Content, type Html, html } from "./html";
import type { Limits } from "./limits";

export interface Column<Row> {
  readonly head: string;
  /** Numbers are aligned by their digits, codes are set in a fixed width. @default "text" */
  readonly kind?: "number" | "code" | "text" | "bar";
  readonly cell: (row: Row) => Content;
}

export interface TableOptions<Row> {
  readonly caption: Content;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly limits: Limits;
  /** Which rows come first, for a table that is cut. */
  readonly order?: string;
  readonly rowClass?: (row: Row) => string;
}

/** A table that scrolls in itself, by keyboard too, where it is wider than the page; the cut is told below it. */
export function table<Row>(options: TableOptions<Row>): Html {
  const { caption, columns, rows, limits, order, rowClass = () => "" } = options;
  const shown = rows.slice(0, limits.entries);
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table>
<caption><span>${caption}</span></caption>
<thead><tr>${columns.map(({ head, kind = "text" }) => html`<th scope="col" class="${kind}">${head}</th>`)}</tr></thead>
<tbody>${shown.map(
    (
      row,
    ) => html`<tr class="${rowClass(row)}">${columns.map((column, index) => cellOf(column, row, index))}</tr>
`,
  )}</tbody>
</table></div>${leftOut(rows.length, shown.length, order)}`;
}

function cellOf<Row>({ kind = "text", cell }: Column<Row>, row: Row, index: number): Html {
  if (index === 0) return html`<th scope="row" class="${kind}">${cell(row)}</th>`;
  return html`<td class="${kind}">${cell(row)}</td>`;
}

/** Says how much of a list is not shown; nothing where all is. */
export function leftOut(all: number, shown: number, order = "the first ones"): Html | undefined {
  if (all <= shown) return undefined;
  return html`<p class="cut">${number(shown)} of ${number(all)} are shown: ${order}.</p>`;
}

/** A count with separators of thousands; nothing where there is none. */
export function number(count: number | undefined): string {
  return count === undefined ? "" : count.toLocaleString("en");
}

/** A count and its noun. */
export function counted(count: number, noun: string): string {
  return `${number(count)} ${count === 1 ? noun : `${noun}s`}`;
}

/** Bytes in the unit that suits them. */
export function bytes(size: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  const power = Math.min(Math.floor(Math.log10(Math.max(size, 1)) / 3), units.length - 1);
  return `${(size / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** Seconds to a tenth, as on the terminal. */
export function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}
