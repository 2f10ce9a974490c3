import type { Command, CommandOptions } from "commander";
import type { ExitCode } from "./exit-codes";
import type { Operator } from "./operator";
import type { CommonOptions } from "./run";
import type { Terminal } from "./terminal";

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

/**
 * Makes the action of a subcommand; `check` throws for wrong usage, before AWS is called. Both load what they need
 * when they are called: only help and completion are needed of all other commands.
 */
export function act<Options extends object>(
  end: End,
  work: (operator: Operator, options: Options) => Promise<ExitCode>,
  check: (options: Options) => void | Promise<void> = () => undefined,
): (options: Options & CommonOptions) => Promise<void> {
  return async (options) => {
    const { run } = await import("./run");
    end(
      await run(
        options,
        (operator) => work(operator, options),
        () => check(options),
      ),
    );
  };
}

/** Makes the action of a subcommand that needs neither an environment nor credentials. */
export function actHere<Options extends CommonOptions>(
  end: End,
  work: (terminal: Terminal, options: Options) => Promise<ExitCode>,
): (options: Options) => Promise<void> {
  return async (options) => {
    const { runHere } = await import("./run");
    end(await runHere(options, (terminal) => work(terminal, options)));
  };
}
