import { Command } from "commander";
import { whole } from "../../setup/arguments";
import { COMMAND_OUTPUT } from "../../setup/terminal";
import { columnWords } from "./catalog/words";
import { changing } from "./command/applying";
import { EXIT } from "./command/exit-codes";
import { formerWords } from "./command/former";
import { act, type End, one } from "./command/words";
import { completionWords } from "./completion/words";
import { datasetWords } from "./dataset/words";
import { doctorWords } from "./doctor/words";
import { explainWords } from "./explain/words";
import { jobsWords } from "./jobs/words";
import { ledgerWords } from "./ledger/words";
import { letterWords } from "./letters/words";
import { manifestsWords } from "./manifests/words";
import { lookingWords, repairingWords } from "./pipelines/words";
import { queryWords } from "./query/words";
import type { SmokeOptions } from "./smoke/smoke";
import { withdrawWords } from "./withdraw/words";

const HELP = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 nothing matched, 130 interrupted.
--json writes one JSON value; query, files, quarantine list, logs, manifests list, dead-letters list and show, and the files of manifests and ledger one object a line.
docs/first-deploy.md leads to the first deploy; docs/operations.md has a runbook for each alarm.`;

/** Glue may take minutes to begin a run, and the builder, the registrar and the streaming job wait for more files. */
const SMOKE_SECONDS = 1800;

/** Subcommands of the command line; `end` receives the exit code of the command that ran. */
export function operatorProgram(end: End): Command {
  const program = new Command("tributary")
    .description(
      "Look at an environment before and after a deploy (doctor), test it (smoke), and operate its pipelines.",
    )
    .configureOutput(COMMAND_OUTPUT)
    .exitOverride((stopped) => process.exit(stopped.exitCode === 0 ? EXIT.ok : EXIT.usage))
    .showHelpAfterError("(tributary <command> --help shows how it is used)")
    .addHelpText("after", HELP);
  const groups = [
    doctorWords,
    lookingWords,
    repairingWords,
    letterWords,
    withdrawWords,
    testing,
    explainWords,
    queryWords,
    columnWords,
    datasetWords,
    manifestsWords,
    ledgerWords,
    jobsWords,
    completionWords,
    formerWords,
  ];
  for (const add of groups) add(program, end);
  return program;
}

/** Commands that test what is deployed. */
function testing(program: Command, end: End): void {
  changing(
    one(program, "smoke", "send a small file through each pipeline, and compare what came of it", [
      "smoke --environment dev",
      "smoke --environment dev --yes",
    ]),
  )
    .option("--seconds <n>", "longest wait for the outcome of a file", whole(1, 86_400), SMOKE_SECONDS)
    .action(act<SmokeOptions>(end, async (...given) => (await import("./smoke/smoke")).smoke(...given)));
}
