import type { Command } from "commander";
import type { CommonOptions } from "../command/run";
import { actHere, type End, one } from "../command/words";

/** Adds `explain`, which asks nobody but the docs. */
export function explainWords(program: Command, end: End): void {
  one(program, "explain", "what a reason, an alarm or an error means, and what to do", [
    "explain too-many-rejected",
    "explain tributary-prod-ledger-silent",
    "explain 'An error occurred (AccessDenied) when calling the PutObject operation'",
  ])
    .argument(
      "[word]",
      "a reason of a dead letter or of quarantine, the name of an alarm, or an error; without it, all",
    )
    .action((word: string | undefined, options: CommonOptions) =>
      actHere(end, async (terminal) => (await import("./explain")).explain(terminal, word))(options),
    );
}
