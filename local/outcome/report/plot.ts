import { type Html, html } from "./html";
import type { Progress } from "./progress";
import { number } from "./table";

const WIDTH = 420;
const LEFT = 8;
const RIGHT = 412;
const TOP = 26;
const LINE = 112;
const BARS = 176;
const BARS_TOP = 134;

/** Rows over time as an area, and below it the rows of each span as bars, over one axis of time. */
export function progressPlot(name: string, { length, spans }: Progress): Html {
  const total = spans.at(-1)?.total ?? 0;
  const most = Math.max(...spans.map(({ rows }) => rows), 1);
  const step = (RIGHT - LEFT) / Math.max(spans.length, 1);
  const x = (index: number) => round(LEFT + index * step);
  const height = (rows: number) => round(LINE - (rows / Math.max(total, 1)) * (LINE - TOP));
  const steps = spans.map(({ total }, index) => `V${height(total)}H${x(index + 1)}`).join("");
  const first = spans[0]?.from ?? 0;
  const last = first + spans.length * length;
  const id = `plot-${name}`;
  return html`<svg class="plot" viewBox="0 0 ${WIDTH} 200" role="img" aria-labelledby="${id}">
<title id="${id}">${name}: rows over time, ${number(total)} in all; the table below has the figures</title>
<line class="grid" x1="${LEFT}" x2="${RIGHT}" y1="${TOP}" y2="${TOP}"/>
<path class="area" d="M${LEFT} ${LINE}${steps}V${LINE}Z"/>
<path class="line" d="M${LEFT} ${LINE}${steps}"/>
<line class="axis" x1="${LEFT}" x2="${RIGHT}" y1="${LINE}" y2="${LINE}"/>
<text class="tick" x="${LEFT}" y="${TOP - 8}">${number(total)} rows</text>
${spans.map(({ rows }, index) =>
  rows === 0
    ? undefined
    : html`<rect class="bar" x="${round(x(index) + 0.5)}" width="${round(Math.max(step - 1, 1))}" y="${round(BARS - Math.max((rows / most) * (BARS - BARS_TOP), 1))}" height="${round(Math.max((rows / most) * (BARS - BARS_TOP), 1))}"/>`,
)}
<line class="axis" x1="${LEFT}" x2="${RIGHT}" y1="${BARS}" y2="${BARS}"/>
<text class="tick" x="${LEFT}" y="${BARS_TOP - 6}">up to ${number(Math.round(most / length))} rows/s</text>
<text class="tick" x="${LEFT}" y="194">${timeOf(first)}</text>
<text class="tick" x="${RIGHT}" y="194" text-anchor="end">${timeOf(last)} after the start</text>
${spans.map(
  (span, index) =>
    html`<rect class="at" x="${x(index)}" width="${round(step)}" y="${TOP}" height="${BARS - TOP}"><title>${timeOf(span.from)} to ${timeOf(span.from + length)}: ${number(span.rows)} rows, ${number(span.total)} in all</title></rect>`,
)}</svg>`;
}

/** The part of a whole that a span takes, as a bar in a table's cell. */
export function spanBar(from: number, length: number, whole: number, kind = ""): Html {
  const scale = 1000 / Math.max(whole, 0.1);
  return html`<svg class="span ${kind}" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true"><rect x="${round(from * scale)}" width="${round(Math.max(length * scale, 2))}" height="10"/></svg>`;
}

export interface Share {
  readonly kind: string;
  readonly count: number;
}

/** Shares of a whole side by side. */
export function shareBar(shares: readonly Share[]): Html {
  const whole = Math.max(
    shares.reduce((sum, { count }) => sum + count, 0),
    1,
  );
  let x = 0;
  const parts = shares
    .filter(({ count }) => count > 0)
    .map(({ kind, count }) => {
      const width = Math.max((count / whole) * 1000, 4);
      const part = html`<rect class="${kind}" x="${round(x)}" width="${round(width)}" height="10"/>`;
      x += width;
      return part;
    });
  return html`<svg class="span" viewBox="0 0 ${round(Math.max(x, 1000))} 10" preserveAspectRatio="none" aria-hidden="true">${parts}</svg>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Seconds after the start, short. */
export function timeOf(seconds: number): string {
  return `${number(Math.round(seconds * 100) / 100)} s`;
}
