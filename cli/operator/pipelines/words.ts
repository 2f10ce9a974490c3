import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import { PIPELINES } from "../../../environments/schema/pipelines";
import { whole } from "../../../setup/arguments";
import { changing } from "../command/applying";
import { minutes } from "../command/arguments";
import type { CommonOptions } from "../command/run";
import { act, actHere, type End, one } from "../command/words";
import { LOG_SOURCES, REDRIVEN } from "../manifests/choices";
import { REPEATED_STATUSES, WAITING_STATUSES } from "./choices";
import type { CostsOptions } from "./costs";
import type { DescribeOptions } from "./describe";
import type { FilesOptions } from "./files";
import type { LogsOptions } from "./logs";
import type { RedriveOptions } from "./redrive";
import type { ReprocessOptions } from "./reprocess";
import type { StatusOptions } from "./status";

const NAMED =
  "key, s3:// address, name, output, manifest, batch <number>, or a row's _source_ values, as JSON or columns";

type LogsCommandOptions = Omit<LogsOptions, "source" | "minutes"> & { readonly since: number };

/** Adds the commands that show every pipeline in one form. */
export function lookingWords(program: Command, end: End): void {
  narrowed(
    one(program, "status", "what waits, failed and runs in each pipeline, and the queues", [
      "status --environment prod",
      "status --dataset orders --environment prod",
      "status --environment prod --json | jq .queues",
    ]),
  ).action(act<StatusOptions>(end, async (...given) => (await import("./status")).status(...given)));

  narrowed(
    one(program, "files", "files that wait, failed, or are in quarantine, of every pipeline", [
      "files --status failed --environment prod",
      "files --status quarantined --dataset orders --environment prod",
      "files --status waiting --pipeline ledger --limit 0 --json --environment prod",
    ]),
  )
    .addOption(
      new Option("--status <status>", "what they are").choices(WAITING_STATUSES).makeOptionMandatory(),
    )
    .addOption(limitOption())
    .action(act<FilesOptions>(end, async (...given) => (await import("./files")).files(...given)));

  one(
    program,
    "describe",
    "a file's whole history in its pipeline, wherever it went, or the files of a manifest or a batch",
    [
      "describe input/clicks/2026-01-31-a.ndjson --environment prod",
      "describe 2026-01-31-a.ndjson --save /tmp/look --environment prod",
      "describe tables/ml_events/year=2026/month=1/day=31/mode=train/part-17-1.parquet --environment prod",
      "describe batch 17 --environment prod",
      'describe \'{"_source_file": "input/customers/a.csv", "_source_version": "v1"}\' --environment prod',
    ],
  )
    .argument("<file...>", NAMED)
    .option("--lines <n>", "most dead letters to show", whole(0, 1000), 5)
    .option("--save <folder>", "also save the newest version there, to look at it")
    .action((words: string[], options) =>
      act<Omit<DescribeOptions, "words">>(end, async (operator, others) =>
        (await import("./describe")).describe(operator, { ...others, words }),
      )(options),
    );

  narrowed(
    one(program, "costs", "runs of jobs and what they cost, by day and pipeline; or what a month should", [
      "costs --days 7 --environment prod",
      "costs --dataset clicks --environment prod",
      "costs --expected --environment prod",
    ]),
  )
    .option("--days <n>", "days to look back, today included", whole(1, 30), 7)
    .addOption(
      new Option(
        "--expected",
        "instead, what its settings come to a month, by stack and pipeline; calls no AWS",
      ).conflicts(["days", "pipeline", "dataset"]),
    )
    .action((options: CostsOptions & CommonOptions & { readonly expected?: true }) =>
      options.expected
        ? actHere<CommonOptions>(end, async (terminal, given) =>
            (await import("./expected-costs")).showExpectedCosts(terminal, given),
          )(options)
        : act<CostsOptions>(end, async (...given) => (await import("./costs")).costs(...given))(options),
    );

  narrowed(
    one(program, "logs", "what a job or a function logged, or all of a pipeline", [
      "logs manifests-stream --environment prod",
      "logs manifests-builder --since 2h --filter ERROR --environment prod",
      "logs --pipeline ledger --since 1d --filter failed --environment prod",
      "logs control-plane --follow --environment prod",
    ]),
  )
    .addArgument(sourceArgument())
    .option("--since <time>", "how far to look back: 15m, 2h, 3d", minutes, 15)
    .option("--filter <pattern>", "CloudWatch's filter pattern")
    .option("--follow", "go on until Ctrl-C")
    .action((source: LogsOptions["source"], options) =>
      act<LogsCommandOptions>(
        end,
        async (operator, { since, ...others }) =>
          (await import("./logs")).logs(operator, { ...others, ...(source && { source }), minutes: since }),
        async ({ since, ...others }) =>
          (await import("./logs")).checkLogs({ ...others, ...(source && { source }), minutes: since }),
      )(options),
    );
}

/** Adds the commands that send work through its pipeline again. */
export function repairingWords(program: Command, end: End): void {
  const selecting = (command: Command) =>
    narrowed(changing(command).argument("[files...]", `files, manifests or batches: ${NAMED}`));
  const again = (onlyQuarantined: boolean) => (files: string[], options: Omit<ReprocessOptions, "files">) =>
    act<Omit<ReprocessOptions, "files">>(
      end,
      async (operator, others) =>
        (await import("./reprocess")).reprocess(operator, { ...others, files, onlyQuarantined }),
      async (others) => (await import("./reprocess")).checkSelection({ ...others, files }),
    )(options);

  selecting(
    one(program, "reprocess", "do files again: replaces outputs, never adds to them", [
      "reprocess input/clicks/2026-01-31-a.ndjson --environment prod",
      "reprocess --status failed --dataset orders --environment prod --yes",
      "reprocess batch 17 --environment prod",
    ]),
  )
    .addOption(new Option("--status <status>", "all files of that status").choices(REPEATED_STATUSES))
    .option("--without-gone", "also where files are gone: outputs lose their rows")
    .action(again(false));

  const group = program.command("quarantine").description("files that no attempt could read");
  narrowed(
    one(group, "list", "quarantined files with their reasons, of every pipeline", [
      "quarantine list --environment prod",
      "quarantine list --pipeline ledger --limit 0 --json --environment prod",
    ]),
  )
    .addOption(limitOption())
    .action(
      act<Omit<FilesOptions, "status">>(end, async (operator, options) =>
        (await import("./files")).files(operator, { ...options, status: "quarantined" }),
      ),
    );
  selecting(
    one(group, "retry", "send quarantined files through their pipeline again", [
      "quarantine retry input/customers/2026-01-31-a.csv --environment prod",
      "quarantine retry --all --dataset orders --environment prod --yes",
    ]),
  )
    .option("--all", "all that are in quarantine")
    .action((files: string[], { all, ...options }: Omit<ReprocessOptions, "files"> & { all?: true }) =>
      again(true)(files, { ...options, ...(all && { status: "quarantined" as const }) }),
    );

  narrowed(
    changing(
      one(
        program,
        "redrive",
        "send what failed for good back to where it failed: dead letters of queues, events of functions",
        [
          "redrive --environment prod",
          "redrive --queue manifests-inputs --environment prod --yes",
          "redrive --pipeline ledger --environment prod",
        ],
      ),
    ),
  )
    .addOption(new Option("--queue <name>", "only those of that queue or function").choices(REDRIVEN))
    .action(act<RedriveOptions>(end, async (...given) => (await import("./redrive")).redrive(...given)));
}

function pipelineOption(): Option {
  return new Option("--pipeline <name>", "only that pipeline").choices(PIPELINES);
}

function limitOption(): Option {
  return new Option("--limit <n>", "most files of a pipeline to show; 0: all")
    .argParser(whole(0, 1e9))
    .default(100);
}

function narrowed(command: Command): Command {
  return command.addOption(pipelineOption()).option("--dataset <name>", "only that dataset");
}

function sourceArgument(): Argument {
  const argument = new Argument("[source]", "a job or a function; absent: all").choices(LOG_SOURCES);
  const { parseArg } = argument;
  return argument.argParser((source: string, before: unknown) => {
    if (source === "job") throw new InvalidArgumentError("It is now manifests-stream.");
    return (parseArg as (text: string, before: unknown) => unknown)(source, before);
  });
}
