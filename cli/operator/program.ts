import { Argument, Command, Option } from "commander";
import { PIPELINES } from "../../environments/schema/pipelines";
import { whole } from "../../setup/arguments";
import { COMMAND_OUTPUT } from "../../setup/terminal";
import { columnWords } from "./catalog/words";
import { changing } from "./command/applying";
import { date, minutes } from "./command/arguments";
import { EXIT } from "./command/exit-codes";
import { formerWords } from "./command/former";
import { needing } from "./command/needed";
import { act, type End, one } from "./command/words";
import { completionWords } from "./completion/words";
import { datasetWords } from "./dataset/words";
import { doctorWords } from "./doctor/words";
import { explainWords } from "./explain/words";
import { ledgerWords } from "./ledger/words";
import { letterWords } from "./letters/words";
import { LOG_SOURCES, REDRIVEN, STATUSES } from "./manifests/choices";
import type { CostsOptions } from "./manifests/costs";
import type { LogsOptions } from "./manifests/logs";
import type { RedriveOptions } from "./manifests/redrive";
import type { ReprocessOptions } from "./manifests/reprocess";
import { manifestsWords } from "./manifests/words";
import { WAITING_STATUSES } from "./pipelines/choices";
import type { DescribeOptions } from "./pipelines/describe";
import type { FilesOptions } from "./pipelines/files";
import type { StatusOptions } from "./pipelines/status";
import type { SmokeOptions } from "./smoke/smoke";
import { withdrawWords } from "./withdraw/words";

const HELP = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 nothing matched, 130 interrupted.
--json writes one JSON value; files, manifests, logs, dead-letters list and show, ledger files and ledger quarantine list one object a line.
docs/first-deploy.md leads to the first deploy; docs/operations.md has a runbook for each alarm.`;

/** Glue may take minutes to begin a run, and the builder, the registrar and the streaming job wait for more files. */
const SMOKE_SECONDS = 1800;

/** Subcommands of the command line; `end` receives the exit code of the command that ran. */
export function operatorProgram(end: End): Command {
  const program = new Command("tributary")
    .description(
      "Look at an environment before and after a deploy (doctor), test it (smoke), and operate its pipelines: the ledger's by ledger and replay.",
    )
    .configureOutput(COMMAND_OUTPUT)
    .exitOverride((stopped) => process.exit(stopped.exitCode === 0 ? EXIT.ok : EXIT.usage))
    .showHelpAfterError("(tributary <command> --help shows how it is used)")
    .addHelpText("after", HELP);
  const groups = [
    doctorWords,
    looking,
    repairing,
    letterWords,
    withdrawWords,
    testing,
    explainWords,
    columnWords,
    datasetWords,
    manifestsWords,
    ledgerWords,
    completionWords,
    formerWords,
  ];
  for (const add of groups) add(program, end);
  return program;
}

type LogsCommandOptions = Omit<LogsOptions, "source" | "minutes"> & { readonly since: number };

/** Commands that change nothing. */
function looking(program: Command, end: End): void {
  one(program, "status", "what waits, failed and runs in each pipeline, and the queues", [
    "status --environment prod",
    "status --environment prod --json | jq .queues",
  ])
    .addOption(new Option("--pipeline <name>", "only that one").choices(PIPELINES))
    .action(
      act<StatusOptions>(end, async (...given) => (await import("./pipelines/status")).status(...given)),
    );

  one(program, "files", "files that wait, failed, or are in quarantine, of every pipeline", [
    "files --status failed --environment prod",
    "files --status quarantined --dataset orders --environment prod",
    "files --status waiting --pipeline ledger --limit 0 --json --environment prod",
  ])
    .addOption(
      new Option("--status <status>", "what they are").choices(WAITING_STATUSES).makeOptionMandatory(),
    )
    .addOption(new Option("--pipeline <name>", "only of that one").choices(PIPELINES))
    .option("--dataset <name>", "only of that dataset")
    .option("--limit <n>", "most files of a pipeline to show; 0: all", whole(0, 1e9), 100)
    .action(act<FilesOptions>(end, async (...given) => (await import("./pipelines/files")).files(...given)));

  one(
    program,
    "describe",
    "a file's whole history in its pipeline, down to what is published of it and its dead letters",
    [
      "describe input/clicks/2026-01-31-a.ndjson --environment prod",
      "describe 2026-01-31-a.ndjson --save /tmp/look --environment prod",
    ],
  )
    .argument("<file>", "key, s3:// address, or the last part of a key right below a dataset's prefix")
    .option("--lines <n>", "most dead letters to show", whole(0, 1000), 5)
    .option("--save <folder>", "also save the newest version there, to look at it")
    .action((file: string, options) =>
      act<Omit<DescribeOptions, "file">>(end, async (operator, others) => {
        const { describe } = await import("./pipelines/describe");
        return describe(operator, { ...others, file });
      })(options),
    );

  one(program, "costs", "job runs and what they cost, by day", ["costs --days 7 --environment prod"])
    .option("--days <n>", "days to look back, today included", whole(1, 30), 7)
    .action(
      act<CostsOptions>(
        end,
        needing("manifests", async (...given) => (await import("./manifests/costs")).costs(...given)),
      ),
    );

  one(program, "logs", "what a job or a function logged; job is the streaming one", [
    "logs job --environment prod",
    "logs manifests-builder --since 2h --filter ERROR --environment prod",
    "logs control-plane --follow --environment prod",
  ])
    .addArgument(new Argument("<source>", "a job or a function").choices(LOG_SOURCES))
    .option("--since <time>", "how far to look back: 15m, 2h, 3d", minutes, 15)
    .option("--filter <pattern>", "CloudWatch's filter pattern")
    .option("--follow", "go on until Ctrl-C")
    .action((source, options) =>
      act<LogsCommandOptions>(end, async (operator, { since, ...others }) => {
        const { logs } = await import("./manifests/logs");
        return logs(operator, { ...others, source, minutes: since });
      })(options),
    );
}

/** Commands that send work through the pipeline again. */
function repairing(program: Command, end: End): void {
  changing(
    one(program, "reprocess", "make outputs again: replaces them, never adds to them", [
      "reprocess input/clicks/2026-01-31-a.ndjson --environment prod",
      "reprocess --date 2026-01-31 --dataset clicks --environment prod --yes",
      "reprocess --status failed --environment prod",
    ]),
  )
    .argument("[files...]", "files as describe takes them")
    .option("--manifest <key>", "key of a manifest, or <dataset>/<date>/<id>")
    .option("--date <yyyy-mm-dd>", "all manifests of that date, or its files of --status", date)
    .addOption(new Option("--status <status>", "files of that status").choices(STATUSES))
    .option("--dataset <name>", "only of that dataset")
    .option("--without-gone", "also where files are gone from the raw bucket: outputs lose their rows")
    .action((names: string[], options) =>
      act<Omit<ReprocessOptions, "files">>(
        end,
        needing("manifests", async (operator, others) => {
          const { reprocess } = await import("./manifests/reprocess");
          return reprocess(operator, { ...others, files: names });
        }),
        async (others) => {
          const { checkSelection } = await import("./manifests/reprocess-plan");
          checkSelection({ ...others, files: names });
        },
      )(options),
    );

  changing(
    one(
      program,
      "redrive",
      "send what failed for good back to where it failed: dead letters of queues, events of functions",
      ["redrive --environment prod", "redrive --queue manifests-inputs --environment prod --yes"],
    ),
  )
    .addOption(new Option("--queue <name>", "only those of that queue or function").choices(REDRIVEN))
    .action(
      act<RedriveOptions>(end, async (...given) => (await import("./manifests/redrive")).redrive(...given)),
    );
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
