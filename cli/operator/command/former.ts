import { type Command, Option } from "commander";
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

/** Options that went, by their subcommands, and what does the same. */
const OPTIONS: readonly (readonly [command: string, flags: string, successor: string])[] = [
  ["files", "--date <date>", "manifests files --date"],
  ["manifests", "--date <date>", "manifests list --date"],
  ["reprocess", "--date <date>", "manifests reprocess --date"],
  ["reprocess", "--manifest <key>", "manifests reprocess --manifest"],
  ...["release", "retry", "requeue", "replay"].map(
    (name) => [`ledger ${name}`, "--dry-run", `ledger ${name} without --yes`] as const,
  ),
];

/** Lets former names of subcommands and options say what they are called now. */
export function formerWords(program: Command, end: End): void {
  // an option of a group is none of its subcommands
  program.enablePositionalOptions();
  for (const [name, flags, successor] of OPTIONS) {
    const command = name.split(" ").reduce(groupOf, program);
    command.enablePositionalOptions();
    const option = new Option(flags).hideHelp();
    command.addOption(option).on(`option:${option.name()}`, () => {
      command.error(`error: tributary ${name} ${option.long} is now tributary ${successor}`);
    });
  }
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
