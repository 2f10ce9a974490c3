import type { Pipeline } from "../../../environments/schema/pipelines";
import { type Html, html } from "./html";
import { cut, type Limits } from "./limits";
import type { PipelineSummary } from "./summary";
import { counted, number } from "./table";

/** A box of the picture. */
interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A box that names something, with a line about it. */
interface Node {
  readonly title: string;
  readonly note: string;
}

/** What leaves a pipeline: a count on its arrow, and where it goes. */
interface Outcome extends Node {
  readonly kind: "rows" | "letters" | "whole" | "lost";
  readonly count: number;
  readonly label: string;
}

/** What the picture shows of a pipeline. */
interface Lane {
  readonly name: Pipeline;
  readonly sum: string;
  readonly datasets: readonly Node[];
  readonly files: string;
  readonly taker: Node;
  readonly work: string;
  readonly job: Node;
  readonly outcomes: readonly Outcome[];
}

const TAKERS: Readonly<Record<Pipeline, Node>> = {
  uploads: { title: "uploads-trigger", note: "one item a version" },
  manifests: { title: "manifests-builder", note: "groups files by date" },
  ledger: { title: "ledger-lister", note: "and ledger-registrar" },
};

const JOBS: Readonly<Record<Pipeline, string>> = {
  uploads: "uploads-job",
  manifests: "manifests-stream",
  ledger: "ledger-batch",
};

const SHOWN_DATASETS = 4;
const NAME_LIMITS: Limits = { entries: 0, characters: 20 };
/** Longest name in a third of a narrow picture. */
const SHORT_LIMITS: Limits = { entries: 0, characters: 13 };

/** The way of all files, with counts on its arrows: from left to right, and from top to bottom for a narrow page. */
export function flow(pipelines: readonly PipelineSummary[]): Html {
  const lanes = pipelines.flatMap((each) => laneOf(each) ?? []);
  if (lanes.length === 0) return html`<p class="none">No file was accounted for before the run ended.</p>`;
  return html`<figure class="flow">${wide(lanes)}${narrow(lanes)}
<figcaption>From the files on the left to their rows, dead letters and quarantined files, as the accounts found them.
The figures are in the table below.</figcaption></figure>`;
}

function laneOf({ pipeline, figures, datasets }: PipelineSummary): Lane | undefined {
  if (figures === undefined) return undefined;
  const { files, rowsIn, rowsOut, deadLetters, quarantined, lost, duplicated, runs } = figures;
  const tables = datasets.map(({ name }) => name);
  const [first = ""] = tables;
  const more = datasets.length - SHOWN_DATASETS;
  const nodes = datasets
    .slice(0, more > 0 ? SHOWN_DATASETS - 1 : SHOWN_DATASETS)
    .map(({ name, format, counts }) => ({
      title: name,
      note: `${format}, ${counted(counts.files, "file")}`,
    }));
  const unit = pipeline === "uploads" ? "file" : pipeline === "manifests" ? "manifest" : "batch";
  const units = figures.manifests ?? figures.batches ?? files;
  return {
    name: pipeline,
    sum: `${number(rowsIn)} rows in = ${number(rowsOut)} rows + ${counted(deadLetters, "dead letter")}`,
    datasets: more > 0 ? [...nodes, { title: `${more + 1} more`, note: "datasets" }] : nodes,
    files: counted(files, "file"),
    taker: TAKERS[pipeline],
    work: unit === "batch" && units !== 1 ? `${number(units)} batches` : counted(units, unit),
    job: { title: JOBS[pipeline], note: counted(runs, "job run") },
    outcomes: [
      {
        kind: "rows",
        count: rowsOut,
        label: counted(rowsOut, "row"),
        title: tables.length === 1 ? first : `${tables.length} tables`,
        note: "table",
      },
      {
        kind: "letters",
        count: deadLetters,
        label: number(deadLetters),
        title: "dead letters",
        note: "line and reason",
      },
      {
        kind: "whole",
        count: quarantined,
        label: counted(quarantined, "file"),
        title: "quarantine",
        note: "whole files",
      },
      ...(lost + duplicated > 0
        ? [
            {
              kind: "lost" as const,
              count: lost + duplicated,
              label: `${number(lost)} + ${number(duplicated)}`,
              title: "unaccounted",
              note: "lost + duplicated",
            },
          ]
        : []),
    ],
  };
}

const WIDE = 1160;
const ROW = 56;
const GAP = 28;

function wide(lanes: readonly Lane[]): Html {
  let top = 0;
  const drawn = lanes.map((lane) => {
    const rows = Math.max(lane.datasets.length, lane.outcomes.length);
    const drawing = wideLane(lane, top, rows * ROW);
    top += rows * ROW + GAP;
    return drawing;
  });
  return picture("wide", WIDE, top - GAP, lanes, drawn);
}

function wideLane(lane: Lane, top: number, height: number): Html {
  const centre = top + height / 2;
  const frame: Box = { x: 318, y: top, width: 500, height };
  const taker: Box = { x: 342, y: centre - 14, width: 172, height: 44 };
  const job: Box = { x: 622, y: centre - 14, width: 172, height: 44 };
  const line = taker.y + taker.height / 2;
  const left = (index: number) => line + (index - (lane.datasets.length - 1) / 2) * (ROW - 6);
  const right = (index: number) => top + (index + 0.5) * (height / lane.outcomes.length);
  return html`<g>
${box("frame", frame)}<text class="title" x="${frame.x + 24}" y="${top + 30}">${lane.name}</text>
<text class="note" x="${frame.x + frame.width - 24}" y="${top + 30}" text-anchor="end">${lane.sum}</text>
${lane.datasets.map((node, index) => {
  const y = left(index);
  return html`${labelled({ x: 0, y: y - 22, width: 190, height: 44 }, node)}${arrow("files", [190, y], [taker.x, line])}`;
})}
<text class="count" x="254" y="${line - 10}" text-anchor="middle">${lane.datasets.length === 1 ? lane.files : ""}</text>
${labelled(taker, lane.taker)}
${arrow("files", [taker.x + taker.width, line], [job.x, line])}
<text class="count" x="${(taker.x + taker.width + job.x) / 2}" y="${line - 10}" text-anchor="middle">${lane.work}</text>
${labelled(job, lane.job)}
${lane.outcomes.map((outcome, index) => {
  const y = right(index);
  const kind = outcome.count === 0 ? "none" : outcome.kind;
  return html`${arrow(kind, [frame.x + frame.width, y], [990, y])}
<text class="count ${kind}" x="898" y="${y - 8}" text-anchor="middle">${outcome.label}</text>
${labelled({ x: 990, y: y - 22, width: 170, height: 44 }, outcome, kind)}`;
})}
</g>`;
}

const NARROW = 328;
const NARROW_LANE = 364 + GAP;

function narrow(lanes: readonly Lane[]): Html {
  let top = 0;
  const drawn = lanes.map((lane) => {
    const drawing = narrowLane(lane, top);
    top += NARROW_LANE + (lane.datasets.length - 1) * 50 + (lane.outcomes.length > 3 ? 50 : 0);
    return drawing;
  });
  return picture("narrow", NARROW, top - GAP, lanes, drawn);
}

function narrowLane(lane: Lane, top: number): Html {
  const middle = NARROW / 2;
  const below = top + lane.datasets.length * 50 - 6;
  const frame: Box = { x: 0, y: below + 34, width: NARROW, height: 204 };
  const taker: Box = { x: 64, y: frame.y + 58, width: 200, height: 44 };
  const job: Box = { x: 64, y: taker.y + 80, width: 200, height: 44 };
  const end = frame.y + frame.height;
  const beside = (y: number, text: string) =>
    html`<text class="count" x="${middle + 10}" y="${y}">${text}</text>`;
  return html`<g>
${lane.datasets.map((node, index) => labelled({ x: 64, y: top + index * 50, width: 200, height: 44 }, node))}
${arrow("files", [middle, below], [middle, frame.y])}${beside(below + 21, lane.files)}
${box("frame", frame)}<text class="title" x="16" y="${frame.y + 24}">${lane.name}</text>
<text class="note" x="16" y="${frame.y + 44}">${lane.sum}</text>
${labelled(taker, lane.taker)}
${arrow("files", [middle, taker.y + 44], [middle, job.y])}${beside(taker.y + 66, lane.work)}
${labelled(job, lane.job)}
${lane.outcomes.map((outcome, index) => {
  const kind = outcome.count === 0 ? "none" : outcome.kind;
  const x = (index % 3) * 112;
  const y = end + Math.floor(index / 3) * 50;
  return html`${index < 3 ? arrow(kind, [x + 52, end], [x + 52, end + 38]) : undefined}
${labelled({ x, y: y + 38, width: 104, height: 44 }, { title: outcome.label, note: cut(outcome.title, SHORT_LIMITS) }, kind)}`;
})}
</g>`;
}

function picture(
  name: string,
  width: number,
  height: number,
  lanes: readonly Lane[],
  drawn: readonly Html[],
): Html {
  return html`<svg class="${name}" viewBox="-1 -1 ${width + 2} ${height + 2}" role="img" aria-labelledby="flow-${name}">
<title id="flow-${name}">${lanes.map(({ name, files, sum }) => `${name}: ${files}, ${sum}. `)}</title>
${drawn}</svg>`;
}

function box(name: string, { x, y, width, height }: Box): Html {
  return html`<rect class="${name}" x="${x}" y="${y}" width="${width}" height="${height}" rx="8"/>`;
}

function labelled(at: Box, { title, note }: Node, kind = ""): Html {
  const x = at.x + at.width / 2;
  return html`${box(`node ${kind}`, at)}<text class="name" x="${x}" y="${at.y + 19}" text-anchor="middle">${cut(title, NAME_LIMITS)}</text>
<text class="note" x="${x}" y="${at.y + 35}" text-anchor="middle">${note}</text>`;
}

const HEAD = 7;

type Point = readonly [x: number, y: number];

/** An arrow that leaves and arrives straight, to the right or down. */
function arrow(kind: string, [x1, y1]: Point, [x2, y2]: Point): Html {
  const isDown = x1 === x2;
  const middle = (x1 + x2) / 2;
  const path = isDown
    ? `M${x1} ${y1}V${y2 - 1}`
    : `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2 - 1} ${y2}`;
  const head = isDown
    ? `M${x2 - HEAD / 2} ${y2 - HEAD}L${x2} ${y2 - 1}L${x2 + HEAD / 2} ${y2 - HEAD}`
    : `M${x2 - HEAD} ${y2 - HEAD / 2}L${x2 - 1} ${y2}L${x2 - HEAD} ${y2 + HEAD / 2}`;
  return html`<path class="arrow ${kind}" d="${path}"/><path class="arrow ${kind}" d="${head}"/>`;
}
