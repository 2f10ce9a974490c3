import type { Command } from "commander";
import type { CommonOptions } from "../command/run";
import { actHere, type End, one } from "../command/words";

/** Adds `explain`, which asks nobody but the docs. */
export function explainWords(program: Command, end: End): void {
  one(program, "explain", "what a reason or an alarm means, and what to do", [
    "explain too-many-rejected",
    "explain tributary-prod-ledger-silent",
  ])
    .argument(
      "[word]",
      "a reason of a dead letter or of quarantine, or the name of an alarm; without it, all",
    )
    .action((word: string | undefined, options: CommonOptions) =>
      actHere(end, async (terminal) => (await import("./explain")).explain(terminal, word))(options),
    );
}
