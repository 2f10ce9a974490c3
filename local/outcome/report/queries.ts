import type { FailedQuery, QueryResult } from "../athena";
import { type Html, html, lines } from "./html";
import { cut, type Limits } from "./limits";
import type { RunSummary } from "./summary";
import { leftOut, table } from "./table";

type Rows = readonly (readonly string[])[];

/** The queries and their rows, then the first rows of each table. */
export function queriesSection({ answers, pipelines }: RunSummary, limits: Limits): Html | undefined {
  const samples = pipelines.flatMap(({ datasets }) =>
    datasets
      .filter(({ firstRows }) => firstRows.length > 0)
      .map(({ name, firstRows }) => ({ name, firstRows })),
  );
  if (answers.length + samples.length === 0) return undefined;
  return html`${answers.slice(0, limits.entries).map((answer) => answerOf(answer, limits))}${leftOut(answers.length, Math.min(answers.length, limits.entries))}
${samples
  .slice(0, limits.entries)
  .map(
    ({ name, firstRows }) =>
      html`<h3>${name} <small>first rows of the table</small></h3>${rowsOf(`First rows of ${name}`, firstRows, limits)}`,
  )}${leftOut(samples.length, Math.min(samples.length, limits.entries))}`;
}

function answerOf(answer: QueryResult | FailedQuery, limits: Limits): Html {
  const { sql } = answer;
  return html`<pre class="sql">${lines(cut(sql, { ...limits, characters: 4 * limits.characters }))}</pre>
${"rows" in answer ? rowsOf("Rows of the query", answer.rows, limits) : html`<pre class="error">failed: ${lines(cut(answer.failure, limits))}</pre>`}`;
}

/** Rows whose first one has the names of the columns; columns of numbers are aligned as such. */
function rowsOf(caption: string, [head = [], ...rows]: Rows, limits: Limits): Html {
  const names = head.slice(0, limits.entries);
  return html`<div class="fit">${table({
    caption,
    columns: names.map((name, index) => ({
      head: cut(name, limits),
      kind:
        rows.length > 0 && rows.every((row) => /^(-?\d+(\.\d+)?)?$/.test(row[index] ?? ""))
          ? ("number" as const)
          : ("code" as const),
      cell: (row: readonly string[]) => cut(row[index] ?? "", limits),
    })),
    rows,
    limits,
  })}</div>${head.length > names.length ? html`<p class="cut">${names.length} of ${head.length} columns are shown.</p>` : undefined}`;
}
