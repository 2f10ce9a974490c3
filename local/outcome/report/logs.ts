import { type Html, html, lines } from "./html";
import { type FunctionLog, type JobRunLog, type LogLine, wordsOf } from "./job-logs";
import { cut, type Limits } from "./limits";
import type { RunSummary } from "./summary";
import { counted, leftOut, number, table } from "./table";

/** What each run of each job logged, and how functions were invoked. */
export function logsSection({ pipelines, functions, began }: RunSummary, limits: Limits): Html | undefined {
  const runs = pipelines.flatMap(({ runs }) => runs);
  if (runs.length + functions.length === 0) return undefined;
  return html`<p class="lead">Each run of a job, with its events; what they log in full is in the folder of this page.</p>
${runs.slice(0, limits.entries).map((run) => runOf(run, began, limits))}${leftOut(runs.length, Math.min(runs.length, limits.entries))}
${functions.length === 0 ? undefined : functionsOf(functions, limits)}`;
}

function runOf({ job, id, state, message, lines: all }: JobRunLog, began: Date, limits: Limits): Html {
  const shown = headAndTail(all, limits.entries);
  return html`<details><summary><b>${job}</b> <span class="${/FAILED|TIMEOUT|ERROR/.test(state) ? "status-lost" : "of"}">${state.toLowerCase()}</span>
<span class="of">${counted(all.length, "line")}, run ${cut(id, { ...limits, characters: 12 })}</span></summary>
${message === "" ? undefined : html`<pre class="error">${lines(cut(message, limits))}</pre>`}
${table({
  caption: `What ${job} logged`,
  columns: [
    { head: "after the start", kind: "number", cell: (line) => timeOf(line, began) },
    { head: "event", cell: ({ event }) => event },
    { head: "what", kind: "code", cell: (line) => cut(line.text ?? wordsOf(line.fields), limits) },
  ],
  rows: shown,
  limits,
})}${leftOut(all.length, shown.length, "the first and the last ones")}</details>`;
}

function headAndTail<Item>(all: readonly Item[], most: number): readonly Item[] {
  if (all.length <= most) return all;
  const head = Math.ceil(most / 2);
  return [...all.slice(0, head), ...all.slice(all.length - (most - head))];
}

function timeOf({ time }: LogLine, began: Date): string | undefined {
  return time === undefined ? undefined : `${((Date.parse(time) - began.getTime()) / 1000).toFixed(2)} s`;
}

function functionsOf(functions: readonly FunctionLog[], limits: Limits): Html {
  return html`<h3>Functions</h3>${table({
    caption: "Functions that were invoked",
    columns: [
      { head: "function", cell: ({ name }) => name },
      { head: "invocations", kind: "number", cell: ({ invocations }) => number(invocations) },
      { head: "longest", kind: "number", cell: ({ longest }) => `${number(Math.round(longest))} ms` },
      { head: "errors and warnings", kind: "number", cell: ({ complaints }) => number(complaints.length) },
      { head: "the newest", kind: "code", cell: ({ complaints }) => cut(complaints.at(-1) ?? "", limits) },
    ],
    rows: functions,
    limits,
  })}`;
}
