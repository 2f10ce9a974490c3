import type { Command } from "commander";
import { whole } from "../../../setup/arguments";
import { changing } from "../command/applying";
import { minutes } from "../command/arguments";
import { act, type End, one } from "../command/words";
import type { ExportOptions } from "./export";
import type { ListOptions } from "./list";
import type { ReplayOptions } from "./replay";

const FILES = "files as describe takes them; none: of all";

/** Subcommands about rejected lines, of every pipeline. */
export function letterWords(program: Command, end: End): void {
  const group = program
    .command("dead-letters")
    .description("look at rejected lines of every pipeline, correct them, and publish them once");

  selecting(
    one(group, "list", "rejected lines with their reasons", [
      "dead-letters list --dataset orders --environment prod",
      "dead-letters list --reason bad-value --since 2d --limit 0 --json --environment prod",
    ]),
  )
    .argument("[files...]", FILES)
    .option("--limit <n>", "most lines to show; 0: all", whole(0, 1e9), 100)
    .action((files: string[], options) =>
      act<Omit<ListOptions, "files">>(end, async (operator, others) =>
        (await import("./list")).listLetters(operator, { ...others, files }),
      )(options),
    );

  selecting(
    one(
      group,
      "show",
      "rejected lines whole; of a file of corrected lines, who made it and out of which lines",
      ["dead-letters show input/orders/2026-01-31.csv --environment prod"],
    ),
  )
    .argument("<files...>", "files as describe takes them")
    .option("--limit <n>", "most lines to show; 0: all", whole(0, 1e9), 20)
    .action((files: string[], options) =>
      act<Omit<ListOptions, "files">>(end, async (operator, others) =>
        (await import("./list")).showLetters(operator, { ...others, files }),
      )(options),
    );

  selecting(
    one(group, "export", "write rejected lines into files for an editor, one of each dataset", [
      "dead-letters export --dataset orders --to corrected --environment prod",
      "dead-letters export input/orders/2026-01-31.csv --to corrected --environment prod",
    ]),
  )
    .argument("[files...]", FILES)
    .requiredOption("--to <folder>", "folder to write them in; nothing in it is overwritten")
    .action((files: string[], options) =>
      act<Omit<ExportOptions, "files">>(end, async (operator, others) =>
        (await import("./export")).exportLetters(operator, { ...others, files }),
      )(options),
    );

  changing(
    selecting(
      one(group, "replay", "publish rejected lines as they were corrected, or as they are: each once", [
        "dead-letters replay corrected/orders.ndjson --environment prod",
        "dead-letters replay --reason bad-value --since 2d --environment prod --yes",
      ]),
    ),
  )
    .argument("[exported...]", "files that dead-letters export wrote; without, --reason says what is meant")
    .action((exported: string[], options) =>
      act<Omit<ReplayOptions, "exported">>(
        end,
        async (operator, others) => (await import("./replay")).replay(operator, { ...others, exported }),
        async (others) => (await import("./replay")).checkReplay({ ...others, exported }),
      )(options),
    );
}

function selecting(command: Command): Command {
  return command
    .option("--dataset <name>", "only of that dataset")
    .option("--reason <reason>", "only of that reason")
    .option("--since <time>", "only what was written so long ago at most: 15m, 2h, 3d", minutes);
}
