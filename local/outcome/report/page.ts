import { createHash } from "node:crypto";
import { figuresSection, timesSection } from "./figures";
import { filesSection, lettersSection } from "./files";
import { flow } from "./flow";
import { type Html, html, styleOf } from "./html";
import { cut, halved, type Limits, WIDEST } from "./limits";
import { logsSection } from "./logs";
import { lead, tiles, verdict } from "./overview";
import { queriesSection } from "./queries";
import { STYLE } from "./style";
import type { RunSummary } from "./summary";
import { number } from "./table";

/** Greatest size of a page. */
export const LARGEST_BYTES = 300_000;

/** A part of the page below its own heading; left out where the run has nothing for it. */
interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: (summary: RunSummary, limits: Limits) => Html | undefined;
}

const SECTIONS: readonly Section[] = [
  { id: "flow", title: "The way of the files", body: ({ pipelines }) => flow(pipelines) },
  { id: "figures", title: "Pipelines and datasets", body: figuresSection },
  { id: "times", title: "Times and rates", body: timesSection },
  { id: "files", title: "Files", body: filesSection },
  { id: "letters", title: "Dead letters", body: lettersSection },
  { id: "queries", title: "Queries", body: queriesSection },
  { id: "logs", title: "What jobs and functions logged", body: logsSection },
];

/**
 * Renders the page about a run: one file without a script that asks for nothing. Where it would be too large, each list
 * and text is cut to half, and again, until it is not; the page says so.
 */
export function pageOf(summary: RunSummary): string {
  for (let limits = WIDEST; ; ) {
    const page = `<!doctype html>\n${render(summary, limits).text}\n`;
    const smaller = halved(limits);
    if (Buffer.byteLength(page) <= LARGEST_BYTES || smaller === undefined) return page;
    limits = smaller;
  }
}

/** Nothing may run, load, or be sent; the one style is known by its digest. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

function render(summary: RunSummary, limits: Limits): Html {
  const sections = SECTIONS.flatMap(({ body, ...section }) => {
    const content = body(summary, limits);
    return content === undefined ? [] : [{ ...section, content }];
  });
  const { began, end, words } = summary;
  return html`<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>Tributary: ${verdict(summary)}</title>
${styleOf(STYLE)}
</head>
<body class="${end.kind}">
<a class="skip" href="#main">Skip to the figures</a>
<header class="top">
<p class="over">Tributary on this machine, <time datetime="${began.toISOString()}">${began.toISOString().slice(0, 16).replace("T", " ")} UTC</time></p>
<h1>${verdict(summary)}</h1>
<p class="under"><code>${cut(["npm start", ...(words.length > 0 ? ["--", ...words] : [])].join(" "), limits)}</code></p>
${lead(summary, limits)}
${tiles(summary)}
<nav aria-label="Sections"><ul>${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
</header>
<main id="main" tabindex="-1">
${sections.map(
  ({ id, title, content }) => html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
${content}</section>
`,
)}
<footer><p>Lists show ${number(limits.entries)} entries at most, texts ${number(limits.characters)} characters${limits === WIDEST ? "" : `, so that the page is no larger than ${number(LARGEST_BYTES / 1000)} KB`}; the folder
of this page has the rest: outputs in <code>curated/</code>, dead letters in <code>quarantine/</code>, and all logs.</p></footer>
</main>
</body>
</html>`;
}
