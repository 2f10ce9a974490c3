import type { Command } from "commander";
import { type CommonOptions, runHere } from "../command/run";
import { act, type End, one } from "../command/words";
import { check } from "./check";
import { diff } from "./diff";

/** Subcommands about declarations of datasets. */
export function datasetWords(program: Command, end: End): void {
  const group = program.command("dataset").description("work on the declarations of datasets");
  one(group, "check", "every problem of all declarations, or of one, as file:line:column; calls no AWS", [
    "dataset check orders",
    "dataset check",
    "dataset check local/samples/events --json | jq .problems",
  ])
    .argument("[name]", "a declared dataset, or a folder that declares one")
    .action(async (name: string | undefined, options: CommonOptions) =>
      end(await runHere(options, (terminal) => check(terminal, { ...options, ...(name && { name }) }))),
    );

  one(group, "diff", "what a deploy would change of the datasets; fails where that is more than additions", [
    "dataset diff orders --environment prod",
    "dataset diff --environment prod",
  ])
    .argument("[name]", "a declared dataset")
    .action((name: string | undefined, options: CommonOptions) =>
      act(end, (operator) => diff(operator, { ...(name && { name }) }))(options),
    );
}
