import type { Command, CommandOptions } from "commander";
import type { ExitCode } from "./exit-codes";
import type { Operator } from "./operator";
import { type CommonOptions, run } from "./run";

/** Receives the exit code of the command that ran. */
export type End = (code: ExitCode) => void;

/** Declares a subcommand with the options that all have; examples begin with its whole name. */
export function one(
  program: Command,
  name: string,
  description: string,
  examples: readonly string[],
  options: CommandOptions = {},
): Command {
  const lines = examples.map((example) => `  npx tributary ${example}`);
  return program
    .command(name, options)
    .description(description)
    .option("--environment <name>", "environment to work with; default: the variable TRIBUTARY_ENVIRONMENT")
    .option("--json", "write JSON")
    .addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
}

/** Makes the action of a subcommand; `check` throws for wrong usage, before AWS is called. */
export function act<Options extends object>(
  end: End,
  work: (operator: Operator, options: Options) => Promise<ExitCode>,
  check: (options: Options) => void = () => undefined,
): (options: Options & CommonOptions) => Promise<void> {
  return async (options) =>
    end(
      await run(
        options,
        (operator) => work(operator, options),
        () => check(options),
      ),
    );
}
