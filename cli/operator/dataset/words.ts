import { type Command, Option } from "commander";
import { PIPELINES } from "../../../environments/schema/pipelines";
import type { CommonOptions } from "../command/run";
import { act, actHere, type End, one } from "../command/words";
import type { NewOptions } from "./new";

/** Subcommands about declarations of datasets. */
export function datasetWords(program: Command, end: End): void {
  const group = program.command("dataset").description("work on the declarations of datasets");
  one(group, "check", "every problem of all declarations, or of one, as file:line:column; calls no AWS", [
    "dataset check orders",
    "dataset check",
    "dataset check local/samples/events --json | jq .problems",
  ])
    .argument("[name]", "a declared dataset, or a folder that declares one")
    .action((name: string | undefined, options: CommonOptions) =>
      actHere(end, async (terminal, given: CommonOptions) => {
        const { check } = await import("./check");
        return check(terminal, { ...given, ...(name && { name }) });
      })(options),
    );

  one(group, "diff", "what a deploy would change of the datasets; fails where that is more than additions", [
    "dataset diff orders --environment prod",
    "dataset diff --environment prod",
  ])
    .argument("[name]", "a declared dataset")
    .action((name: string | undefined, options: CommonOptions) =>
      act(end, async (operator) => (await import("./diff")).diff(operator, { ...(name && { name }) }))(
        options,
      ),
    );

  one(group, "new", "declare a dataset by files that it is to read: all of their rows are looked at", [
    "dataset new orders --from orders.csv",
    "dataset new orders --from orders-1.csv orders-2.csv --column 'amount=decimal(12,2)' --yes",
    "dataset new orders --from orders.csv --column 'ordered=date:%d/%m/%Y' --owner shop --yes",
  ])
    .argument("<name>", "its name, which is that of its folder and its table")
    .requiredOption("--from <file...>", "files of it")
    .addOption(
      new Option("--pipeline <pipeline>", "how its files come").choices(PIPELINES).default("uploads"),
    )
    .option(
      "--column <name=type...>",
      "the type of a column, with the format of a date: ordered=date:%d/%m/%Y",
    )
    .option("--prefix <prefix>", "of its files in the raw bucket; default: input/<name>/")
    .option("--owner <name>", "who answers for the data", "data-platform")
    .addOption(
      new Option("--classification <level>", "who may read the data")
        .choices(["public", "internal", "sensitive"])
        .default("internal"),
    )
    .option("--yes", "write the folder; without it, only show what would be written")
    .action((name: string, options: CommonOptions & Omit<NewOptions, "name">) =>
      actHere(end, async (terminal, given: typeof options) => {
        const { declareNew } = await import("./new");
        return declareNew(terminal, { ...given, name });
      })(options),
    );

  one(group, "explain", "what would happen to a file: names of outputs, table, how long it is kept, cost", [
    "dataset explain orders",
    "dataset explain clicks 2026-01-31-a.ndjson --environment prod",
  ])
    .argument("<name>", "a declared dataset, or a folder that declares one")
    .argument("[file]", "a file of it, by its name; it need not exist")
    .action((name: string, file: string | undefined, options: CommonOptions) =>
      actHere(end, async (terminal, given: CommonOptions) => {
        const { explain } = await import("./explain");
        return explain(terminal, { ...given, name, ...(file && { file }) });
      })(options),
    );
}
