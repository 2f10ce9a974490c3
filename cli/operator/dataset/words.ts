import type { Command } from "commander";
import { type CommonOptions, runHere } from "../command/run";
import { type End, one } from "../command/words";
import { check } from "./check";

/** Subcommands about declarations of datasets, which need no credentials. */
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
}
