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
};

/** Lets the former name of a subcommand say what it is called now. */
export function formerWords(program: Command, end: End): void {
  for (const [name, successor] of Object.entries(SUCCESSORS)) {
    program
      .command(name, { hidden: true })
      .allowUnknownOption()
      .allowExcessArguments()
      .helpOption(false)
      .action(() => {
        printError(`error: tributary ${name} is now tributary ${successor}, which acts with --yes alone`);
        end(EXIT.usage);
      });
  }
}
