import { NothingMatched } from "../command/errors";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Terminal } from "../command/terminal";
import { type Explanation, explanations } from "./tables";

/**
 * Shows what a reason, an alarm or an error means, and what to do. An alarm may be named in full, with project and
 * environment before it, and a message as it was printed, with its reason in front; an error is told by words in it,
 * where no name is meant. Without a word, lists all there are.
 *
 * @throws NothingMatched for a word that the docs do not know
 */
export function explain(terminal: Terminal, asked: string | undefined): ExitCode {
  const all = explanations();
  if (asked === undefined) {
    terminal.show(all, all.map(({ words, page }) => `${words.join(", ")}  (${page})`).join("\n"));
    return EXIT.ok;
  }
  const named = all.filter((each) => each.of === "names" && each.words.some((word) => isMeant(word, asked)));
  const found = named.length > 0 ? named : all.filter((each) => isIn(each, asked));
  if (found.length === 0) {
    throw new NothingMatched(`no reason, alarm or error is called ${asked}; tributary explain lists all`);
  }
  terminal.show(found, found.map(textOf).join("\n\n"));
  return EXIT.ok;
}

/** Whether what was asked is the word, begins with it as a message does, or ends with it as an alarm's name does. */
function isMeant(word: string, asked: string): boolean {
  const [reason = ""] = asked.split(":");
  const pattern = word.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(/<[a-z]+>/g, "[a-z0-9-]+");
  return new RegExp(`^([a-z0-9]+-)*${pattern}$`).test(reason.trim());
}

/** Whether an error says one of the words. */
function isIn({ of, words }: Explanation, asked: string): boolean {
  const said = asked.toLowerCase();
  return of === "errors" && words.some((word) => said.includes(word.toLowerCase()));
}

function textOf({ words, cells, page, section }: Explanation): string {
  const told = cells.map(([head, text]) => `  ${head}: ${text}`);
  return [words.join(", "), ...told, `  ${page}, ${section}`].join("\n");
}
