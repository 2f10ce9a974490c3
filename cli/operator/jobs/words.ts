import { type Command, Option } from "commander";
import { whole } from "../../../setup/arguments";
import { act, type End, one } from "../command/words";
import { ADVISED_JOBS } from "../manifests/choices";
import type { AdviseOptions } from "./advise";

/** Subcommands about the jobs of all pipelines. */
export function jobsWords(program: Command, end: End): void {
  const group = program.command("jobs").description("look at how the jobs are sized");
  one(group, "advise", "what size the last runs of the jobs would have needed, and what it would save", [
    "jobs advise --environment prod",
    "jobs advise --job ledger-batch --runs 50 --environment prod",
  ])
    .addOption(new Option("--job <name>", "only that job").choices(ADVISED_JOBS))
    .option("--runs <n>", "newest runs of a job to look at", whole(1, 200), 10)
    .action(act<AdviseOptions>(end, async (...given) => (await import("./advise")).advise(...given)));
}
