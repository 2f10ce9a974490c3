import type { ReasonLetters, ShownLetter } from "../accounts";
import { type Html, html, lines } from "./html";
import { cut, type Limits } from "./limits";
import type { DatasetSummary, FileSummary, RunSummary } from "./summary";
import { bytes, type Column, counted, leftOut, number, table } from "./table";

/** The files of each dataset with their rows. */
export function filesSection({ pipelines }: RunSummary, limits: Limits): Html | undefined {
  const datasets = pipelines.flatMap(({ pipeline, datasets }) =>
    datasets.map((dataset) => ({ pipeline, dataset })),
  );
  if (datasets.length === 0) return undefined;
  return html`${datasets.slice(0, limits.entries).map(
    ({
      pipeline,
      dataset,
    }) => html`<h3>${dataset.name} <small>${pipeline}, <code>${dataset.prefix}</code></small></h3>
${filesOf(dataset, limits)}`,
  )}${leftOut(datasets.length, Math.min(datasets.length, limits.entries))}`;
}

function filesOf({ name, prefix, files }: DatasetSummary, limits: Limits): Html {
  const short = (key: string) => (key.startsWith(prefix) ? key.slice(prefix.length) : key);
  const columns: readonly Column<FileSummary>[] = [
    { head: "file", kind: "code", cell: ({ key }) => cut(short(key), limits) },
    { head: "size", kind: "number", cell: ({ size }) => bytes(size) },
    { head: "rows in", kind: "number", cell: ({ counts }) => number(counts?.rowsIn) },
    { head: "rows out", kind: "number", cell: ({ counts }) => number(counts?.rowsOut) },
    { head: "dead letters", kind: "number", cell: ({ counts }) => number(counts?.deadLetters) },
    { head: "outcome", cell: outcomeOf },
    { head: "version", kind: "code", cell: ({ version }) => cut(version, { ...limits, characters: 13 }) },
  ];
  const isBlank = files.some(({ counts }) => counts !== undefined && counts.rowsOut === undefined);
  return html`${table({
    caption: `${counted(files.length, "file")} of ${name}`,
    columns,
    rows: files,
    limits,
    order:
      "first those with lost or duplicated rows, then quarantined ones, then those with dead letters, then the rest by name",
  })}${
    isBlank
      ? html`<p class="cut">No row of ${name} says of which file it is: rows out were compared over all files at once.</p>`
      : undefined
  }`;
}

function outcomeOf({ counts }: FileSummary): Html {
  if (counts === undefined) return html`<span class="status-none">replaced or unchanged</span>`;
  const { lost, duplicated, reason, rowsIn, deadLetters } = counts;
  if (lost + duplicated > 0)
    return html`<span class="status-lost">${number(lost)} lost, ${number(duplicated)} duplicated</span>`;
  if (reason !== undefined) return html`<span class="status-whole">quarantined: ${reason}</span>`;
  if (deadLetters > 0) return html`<span class="status-letters">published, with dead letters</span>`;
  return rowsIn === 0 ? html`<span class="status-none">no row to publish</span>` : html`published`;
}

/** Dead letters by dataset and reason, the first ones of each with their lines. */
export function lettersSection({ pipelines }: RunSummary, limits: Limits): Html | undefined {
  const all = pipelines.flatMap(({ datasets }) =>
    datasets.flatMap(({ name, letters }) => letters.map((reason) => ({ name, reason }))),
  );
  if (pipelines.every(({ figures }) => figures === undefined)) return undefined;
  if (all.length === 0) return html`<p class="none">No line was rejected.</p>`;
  const shown = all.slice(0, limits.entries);
  return html`<p class="lead">Lines that became dead letters one by one, by dataset and reason. Lines of files that were
quarantined whole are not among them.</p>
${shown.map(({ name, reason }, index) => reasonOf(name, reason, index === 0, limits))}${leftOut(all.length, shown.length)}`;
}

function reasonOf(
  dataset: string,
  { reason, count, first }: ReasonLetters,
  isOpen: boolean,
  limits: Limits,
): Html {
  const shown = first.slice(0, Math.min(limits.entries, SHOWN_LETTERS));
  const head = html`<summary><b>${cut(reason, limits)}</b> <span class="of">${number(count)} in ${dataset}</span></summary>
<ol class="letters-list">${shown.map((letter) => letterOf(letter, limits))}</ol>${leftOut(count, shown.length)}`;
  return isOpen ? html`<details open>${head}</details>` : html`<details>${head}</details>`;
}

const SHOWN_LETTERS = 10;

function letterOf({ key, line, message, text, bytes: size }: ShownLetter, limits: Limits): Html {
  return html`<li><div class="place"><code>${cut(key, limits)}</code>, line ${number(line)}: ${cut(message, limits)}</div>
<pre>${lines(cut(text, limits))}</pre>${size > Buffer.byteLength(text) || text.length > limits.characters ? html`<div class="cut">${bytes(size)} in all</div>` : undefined}</li>
`;
}
