import type { Command } from "commander";
import { printError } from "../../../setup/terminal";
import { EXIT } from "./exit-codes";
import type { End } from "./words";

/** Subcommands that went, and their successors. */
const SUCCESSORS: Readonly<Record<string, string>> = {
  scale: "manifests scale",
  stop: "manifests stop",
  start: "manifests start",
  restart: "manifests restart",
  pause: "manifests pause",
  resume: "manifests resume",
  replay: "ledger replay",
  "ledger quarantine list": "quarantine list",
  "ledger quarantine retry": "quarantine retry",
};

/** Lets the former name of a subcommand say what it is called now. */
export function formerWords(program: Command, end: End): void {
  for (const [former, successor] of Object.entries(SUCCESSORS)) {
    const words = former.split(" ");
    const name = words.pop() ?? "";
    words
      .reduce(groupOf, program)
      .command(name, { hidden: true })
      .allowUnknownOption()
      .allowExcessArguments()
      .helpOption(false)
      .action(() => {
        printError(`error: tributary ${former} is now tributary ${successor}`);
        end(EXIT.usage);
      });
  }
}

function groupOf(parent: Command, word: string): Command {
  return parent.commands.find((each) => each.name() === word) ?? parent.command(word, { hidden: true });
}
