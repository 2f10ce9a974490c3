import { visible, visibleLines } from "../../../setup/terminal";

/** Markup that is safe to send: made by `html` alone, which escapes whatever else comes into it. */
export class Html {
  constructor(readonly text: string) {}
}

/** Contents of a place in a template; all but `Html` is text. */
export type Content = Html | string | number | undefined | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A template of markup. Text in it is escaped, for elements and quoted attributes, and shown as on a terminal. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Html(String.raw({ raw: parts }, ...contents.map(markupOf)));
}

function markupOf(content: Content): string {
  if (content instanceof Html) return content.text;
  if (content === undefined) return "";
  if (typeof content === "object") return content.map(markupOf).join("");
  return escaped(visible(String(content)));
}

/** Text of several lines, for a `pre`. */
export function lines(text: string): Html {
  return new Html(escaped(visibleLines(text)));
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}

/** A style element whose text is to the letter that of a digest. */
export function styleOf(css: string): Html {
  return new Html(`<style>${css}</style>`);
}
