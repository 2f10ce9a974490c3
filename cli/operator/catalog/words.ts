import type { Command } from "commander";
import { changing } from "../command/applying";
import { act, type End, one } from "../command/words";
import type { ColumnsOptions, DropOptions } from "./columns";

/** Subcommands about the columns that no dataset declares. */
export function columnWords(program: Command, end: End): void {
  const group = program
    .command("columns")
    .description("look at the undeclared columns of tables, and drop some");
  one(
    group,
    "list",
    "undeclared columns of a table, or how many each table has; also without the word list",
    ["columns list --environment prod", "columns list --dataset clicks --environment prod"],
    { isDefault: true },
  )
    .option("--dataset <name>", "only that dataset's, one by one")
    .action(act<ColumnsOptions>(end, async (...given) => (await import("./columns")).columns(...given)));

  changing(
    one(group, "drop", "drop undeclared columns from table and view: their places are free", [
      "columns drop --dataset clicks --column foo bar --environment prod",
      "columns drop --dataset clicks --column foo bar --environment prod --yes",
    ]),
  )
    .requiredOption("--dataset <name>", "dataset of the table")
    .requiredOption("--column <name...>", "names of the columns, as the table has them")
    .action(act<DropOptions>(end, async (...given) => (await import("./columns")).dropColumns(...given)));
}
