import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../setup/paths";

/** Row of a table of the docs that tells what reasons, alarms or errors mean. */
export interface Explanation {
  /** Words that the row is about: reasons, alarms with `<function>` for any, or what an error says. */
  readonly words: readonly string[];
  readonly of: "names" | "errors";
  readonly page: string;
  readonly section: string;
  /** Its other cells, by their heads. */
  readonly cells: readonly (readonly [head: string, text: string])[];
}

/** Heads of first columns whose rows are explanations. */
const EXPLAINING = /^(`reason`|Reason|Alarm|Error)/;
const DOCS = join(ROOT, "docs");

/** All explanations of the docs: what an operator reads there is what the command says. */
export function explanations(): Explanation[] {
  return readdirSync(DOCS)
    .filter((file) => file.endsWith(".md"))
    .sort()
    .flatMap((file) => [...explanationsOf(`docs/${file}`, readFileSync(join(DOCS, file), "utf8"))]);
}

function* explanationsOf(page: string, text: string): Generator<Explanation> {
  let section = "";
  let heads: readonly string[] | undefined;
  for (const line of text.split("\n")) {
    section = /^#+ (.+)$/.exec(line)?.[1] ?? section;
    if (!line.startsWith("|")) heads = undefined;
    else if (heads === undefined) heads = cellsOf(line);
    else if (EXPLAINING.test(heads[0] ?? "") && !line.startsWith("|---")) {
      const [first = "", ...others] = cellsOf(line);
      const cells = others.map((cell, index) => [heads?.[index + 1] ?? "", plain(cell)] as const);
      const words = [...first.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word);
      yield { words, of: heads[0] === "Error" ? "errors" : "names", page, section, cells };
    }
  }
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

/** Markdown as it is read: links by their words, code without its marks. */
function plain(text: string): string {
  return text
    .replaceAll(/\[([^\]]+)\]\([^)]+\)/g, "$1")
    .replaceAll("`", "")
    .replaceAll("\\|", "|");
}
