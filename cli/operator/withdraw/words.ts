import type { Command } from "commander";
import { changing } from "../command/applying";
import { act, type End, one } from "../command/words";
import type { WithdrawOptions } from "./withdraw";

/** Adds `withdraw`, for a file that must not have come. */
export function withdrawWords(program: Command, end: End): void {
  changing(
    one(program, "withdraw", "take a file out of the lake: its rows, its dead letters, and itself", [
      "withdraw input/orders/2026-01-31.csv --environment prod",
      "withdraw input/orders/2026-01-31.csv --copy --environment prod --yes",
    ]),
  )
    .argument("<file>", "file as describe takes it")
    .option("--copy", "keep a copy of the raw file in the quarantine bucket")
    .action((file: string, options) =>
      act<WithdrawOptions>(end, async (operator, others) =>
        (await import("./withdraw")).withdraw(operator, file, others),
      )(options),
    );
}
