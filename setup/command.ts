import { Command } from "commander";
import { DatasetsError } from "../datasets/schema/check";
import { EnvironmentsError } from "../environments/schema";
import { CommandError, SetUpError } from "./errors";
import { COMMAND_OUTPUT, describeError, guardTerminal, printError } from "./terminal";

// the SDK announces on every start that it will leave Node 20 behind one day; package.json pins one that has not
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";

/** npm's own short names need no `run`. */
const SHORT_NAMES = new Set(["start", "test"]);

/** Command as users call it: wrong usage exits with 2. */
export function command(name: string, description: string): Command {
  guardTerminal();
  return new Command(`npm ${SHORT_NAMES.has(name) ? name : `run ${name}`} --`)
    .description(description)
    .configureOutput(COMMAND_OUTPUT)
    .exitOverride((stop) => process.exit(stop.exitCode === 0 ? 0 : 2));
}

/** Runs a command to its exit code; 1 with the message alone for errors that the user can mend. */
export async function runToExitCode(action: () => Promise<number>): Promise<void> {
  guardTerminal();
  try {
    process.exitCode = await action();
  } catch (error) {
    const known =
      error instanceof CommandError ||
      error instanceof DatasetsError ||
      error instanceof EnvironmentsError ||
      error instanceof SetUpError;
    printError(known ? error.message : describeError(error));
    process.exitCode = 1;
  }
}
