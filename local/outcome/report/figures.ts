import type { RowCounts } from "../accounts";
import { COUNTS, HEADS } from "../results";
import { type Html, html } from "./html";
import { cut, type Limits } from "./limits";
import { progressPlot, shareBar, spanBar, timeOf } from "./plot";
import { type Commit, type Progress, progressOf, type Span } from "./progress";
import type { PipelineSummary, RunSummary } from "./summary";
import { type Column, counted, number, seconds, table } from "./table";

interface FigureRow {
  readonly name: string;
  readonly counts: RowCounts;
  /** Of a pipeline, not of its datasets. */
  readonly runs?: number;
  readonly seconds?: number;
}

/** The columns of the terminal's table, but for counts that no row has, and each row's shares. */
function figureColumns(rows: readonly FigureRow[]): readonly Column<FigureRow>[] {
  return [
    { head: "pipeline, dataset", cell: ({ name }) => name },
    ...COUNTS.filter((name) => rows.some(({ counts }) => counts[name] !== undefined)).map(
      (name) =>
        ({
          head: HEADS[name],
          kind: "number",
          cell: ({ counts }: FigureRow) => number(counts[name]),
        }) as const,
    ),
    { head: "job runs", kind: "number", cell: ({ runs }) => number(runs) },
    { head: "seconds", kind: "number", cell: (row) => row.seconds?.toFixed(1) },
    {
      head: "shares of the rows",
      kind: "bar",
      cell: ({ counts: { rowsOut, deadLetters, lost, duplicated } }) =>
        shareBar([
          { kind: "rows", count: rowsOut },
          { kind: "letters", count: deadLetters },
          { kind: "lost", count: lost + duplicated },
        ]),
    },
  ];
}

/** A row for each pipeline, and below it one for each of its datasets, as on the terminal. */
export function figuresSection({ pipelines }: RunSummary, limits: Limits): Html | undefined {
  const rows = pipelines.flatMap(({ pipeline, figures, datasets }): FigureRow[] =>
    figures === undefined
      ? []
      : [
          { name: pipeline, counts: figures, runs: figures.runs, seconds: figures.seconds },
          ...datasets.map(({ name, counts }) => ({ name, counts })),
        ],
  );
  if (rows.length === 0) return undefined;
  return html`<ul class="legend"><li>rows out</li><li class="letters">dead letters</li><li class="lost">lost or duplicated</li></ul>
${table({
  caption:
    "Counted in the input files and the published objects; each line of a file quarantined whole is a dead letter",
  columns: figureColumns(rows),
  rows,
  limits,
  rowClass: ({ runs }) => (runs === undefined ? "part" : "sum"),
})}`;
}

/** Rows and rates over time, pipeline by pipeline over one span of time, and then the steps of the run. */
export function timesSection({ pipelines, steps, seconds: whole }: RunSummary, limits: Limits): Html {
  const all = pipelines.flatMap(({ commits }) => commits.map(({ at }) => at));
  const [from, to] = all.reduce(
    ([least, most], at) => [Math.min(least, at), Math.max(most, at)],
    [Number.POSITIVE_INFINITY, 0],
  );
  const busy = pipelines.filter(({ commits }) => commits.length > 0);
  return html`${
    busy.length === 0
      ? undefined
      : html`<p class="lead">Rows as the jobs committed them, in all and by the span of time, over the same seconds for each pipeline.</p>
<div class="cards">${busy.map((each) => progressCard(each, from, to, limits))}</div>`
  }
${table({
  caption: "Steps of the run, as they overlapped",
  columns: [
    { head: "step", cell: ({ name }) => name },
    { head: "took", kind: "number", cell: (step) => seconds(step.seconds) },
    {
      head: "in the run",
      kind: "bar",
      cell: (step) => spanBar(step.began, step.seconds, whole, step.succeeded ? "" : "failed"),
    },
    { head: "began after", kind: "number", cell: ({ began }) => seconds(began) },
    {
      head: "outcome",
      cell: ({ succeeded, detail }) =>
        succeeded
          ? cut(detail, limits)
          : html`<span class="status-lost">did not end</span> ${cut(detail, limits)}`,
    },
  ],
  rows: [...steps].sort((one, other) => one.began - other.began),
  limits,
})}`;
}

/** A plot, and behind it its figures. */
function progressCard(
  { pipeline, commits }: PipelineSummary,
  from: number,
  to: number,
  limits: Limits,
): Html {
  const progress = progressOf(commits, from, to);
  return html`<div class="card"><h3>${pipeline} <small>${unitOf(commits)}</small></h3>
${progressPlot(pipeline, progress)}
<details><summary>As a table</summary>${progressTable(pipeline, progress, limits)}</details></div>`;
}

function unitOf(commits: readonly Commit[]): string {
  const working = commits.reduce((sum, commit) => sum + commit.seconds, 0);
  const rows = commits.reduce((sum, commit) => sum + commit.rows, 0);
  return `${counted(commits.length, "commit")}, ${number(Math.round(rows / Math.max(working, 0.001)))} rows a second of work`;
}

function progressTable(pipeline: string, { length, spans }: Progress, limits: Limits): Html {
  return table<Span>({
    caption: `Commits of ${pipeline}, in spans of ${timeOf(length)}`,
    columns: [
      { head: "from", kind: "number", cell: ({ from }) => timeOf(from) },
      { head: "files", kind: "number", cell: ({ files }) => number(files) },
      { head: "rows", kind: "number", cell: ({ rows }) => number(rows) },
      { head: "dead letters", kind: "number", cell: ({ deadLetters }) => number(deadLetters) },
      { head: "rows/s", kind: "number", cell: ({ rows }) => number(Math.round(rows / length)) },
      { head: "rows in all", kind: "number", cell: ({ total }) => number(total) },
    ],
    rows: spans.filter(({ files }) => files > 0),
    limits,
  });
}
