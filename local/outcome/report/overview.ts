import { PIPELINES } from "../../../environments/schema/pipelines";
import { type Html, html, lines } from "./html";
import { cut, type Limits } from "./limits";
import type { RunSummary } from "./summary";
import { counted, leftOut, number, seconds } from "./table";

/** Sums over the pipelines that were accounted for. */
interface Sums {
  readonly files: number;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly deadLetters: number;
  readonly quarantined: number;
  readonly unaccounted: number;
}

function sumsOf({ pipelines }: RunSummary): Sums {
  const sum = (
    ...names: readonly (
      | "files"
      | "rowsIn"
      | "rowsOut"
      | "deadLetters"
      | "quarantined"
      | "lost"
      | "duplicated"
    )[]
  ) =>
    pipelines.reduce(
      (total, { figures }) => total + names.reduce((all, name) => all + (figures?.[name] ?? 0), 0),
      0,
    );
  return {
    files: sum("files"),
    rowsIn: sum("rowsIn"),
    rowsOut: sum("rowsOut"),
    deadLetters: sum("deadLetters"),
    quarantined: sum("quarantined"),
    unaccounted: sum("lost", "duplicated"),
  };
}

/** What became of the run, in one sentence. */
export function verdict(summary: RunSummary): string {
  const { end, seconds: after } = summary;
  switch (end.kind) {
    case "whole":
      return "Every row is accounted for";
    case "unanswered":
      return "Every row is accounted for, but a query failed";
    case "unaccounted":
      return `${counted(sumsOf(summary).unaccounted, "row")} lost or duplicated`;
    case "failed":
      return `Failed after ${seconds(after)}`;
    case "interrupted":
      return `Interrupted after ${seconds(after)}`;
  }
}

/** What ended a run before its end, and each row that is not accounted for. */
export function lead({ end, problems, steps, pipelines, untaken }: RunSummary, limits: Limits): Html {
  const missing = PIPELINES.filter(
    (name) => !pipelines.some((each) => each.pipeline === name && each.figures),
  );
  const ended = steps.filter(({ succeeded }) => !succeeded).map(({ name }) => name);
  return html`${
    "reason" in end
      ? html`<p>The run did not come to its end${ended.length > 0 ? `; under way: ${ended.join(", ")}` : ""}. What
is shown is what was known by then${missing.length > 0 ? `; not accounted for: ${missing.join(", ")}` : ""}.</p>
<pre class="error">${lines(cut(end.reason, { ...limits, characters: 8 * limits.characters }))}</pre>`
      : undefined
  }${
    problems.length === 0
      ? undefined
      : html`<pre class="error">${problems.slice(0, limits.entries).map(
          (problem) => html`${cut(problem, limits)}
`,
        )}</pre>${leftOut(problems.length, Math.min(problems.length, limits.entries))}`
  }${
    untaken.length === 0
      ? undefined
      : html`<p>Not uploaded, for no dataset takes them: ${untaken
          .slice(0, 10)
          .map(
            (path, index) => html`${index > 0 ? ", " : ""}<code>${cut(path, limits)}</code>`,
          )}${untaken.length > 10 ? ` and ${number(untaken.length - 10)} more` : ""}.</p>`
  }`;
}

/** The sums, each a dash where no file was accounted for. */
export function tiles(summary: RunSummary): Html {
  const isKnown = summary.pipelines.some(({ figures }) => figures !== undefined);
  const { files, rowsIn, rowsOut, deadLetters, quarantined, unaccounted } = sumsOf(summary);
  const all: readonly (readonly [string, string, string])[] = [
    ["files", number(files), ""],
    ["rows in", number(rowsIn), ""],
    ["rows out", number(rowsOut), "rows"],
    ["dead letters", number(deadLetters), deadLetters > 0 ? "letters" : ""],
    ["files quarantined", number(quarantined), quarantined > 0 ? "whole" : ""],
    ["lost or duplicated", number(unaccounted), unaccounted > 0 ? "lost" : ""],
  ];
  const duration = ["duration", seconds(summary.seconds), ""] as const;
  const shown = [...(isKnown ? all : all.map(([name]) => [name, "–", ""] as const)), duration];
  return html`<dl class="tiles">${shown.map(([name, value, kind]) => html`<div class="${kind}"><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}
