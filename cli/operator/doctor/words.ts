import type { Command } from "commander";
import { whole } from "../../../setup/arguments";
import type { CommonOptions } from "../command/run";
import { type End, one } from "../command/words";
import type { DoctorOptions } from "./doctor";

/** With what comes before and after, the command so takes less than a minute. */
const LIMIT_SECONDS = 45;

/** Adds `doctor`, which begins without knowing whose credentials it has: that is one of its findings. */
export function doctorWords(program: Command, end: End): void {
  one(program, "doctor", "look at machine, settings, account and what is deployed; changes nothing", [
    "doctor --environment dev",
    "doctor --environment dev --json | jq '.findings[] | select(.status == \"failure\")'",
  ])
    .option("--limit <seconds>", "most time for one check", whole(1, 3600), LIMIT_SECONDS)
    .action(async (options: CommonOptions & DoctorOptions) => {
      const { run } = await import("../command/run");
      end(
        await run(
          options,
          async (operator) => (await import("./doctor")).doctor(operator, options),
          () => undefined,
          { inAnyAccount: true },
        ),
      );
    });
}
