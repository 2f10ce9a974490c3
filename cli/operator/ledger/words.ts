import { type Command, Option } from "commander";
import { FILE_STATUSES } from "../../../runtime/ledger/operator-protocol";
import { whole } from "../../../setup/arguments";
import { changing } from "../command/applying";
import { filesPlace, instant, minutes } from "../command/arguments";
import { act, type End, one } from "../command/words";
import type { LedgerFilesOptions } from "./files";
import type { ReopeningOptions, RequeueOptions } from "./mend";
import type { ReplayOptions } from "./replay";
import type { LedgerStatusOptions } from "./status";

const MAX_ID = Number.MAX_SAFE_INTEGER;
const NAMES = "ids, keys, or s3:// addresses; every version of a key";

/** Subcommands that operate the ledger pipeline. */
export function ledgerWords(program: Command, end: End): void {
  const ledger = program.command("ledger").description("look at the ledger of raw JSON files, and mend it");
  looking(ledger, end);
  mending(ledger, end);
  changing(
    one(ledger, "replay", "do published batches again: their outputs are replaced", [
      "ledger replay --from 2026-01-01 --to 2026-02-01 --environment prod",
      "ledger replay --from 2026-01-31T08:00 --to 2026-01-31T12:00 --dataset ml_events --environment prod",
    ]),
  )
    .requiredOption("--from <time>", "begin of the time in which they were committed, in UTC", instant)
    .requiredOption("--to <time>", "its end, which has passed", instant)
    .option("--dataset <name>", "only batches of that dataset")
    .option("--without-gone", "also where processed files may have expired: their rows are lost")
    .action(act<ReplayOptions>(end, async (...given) => (await import("./replay")).replay(...given)));
}

function looking(ledger: Command, end: End): void {
  one(ledger, "status", "files by status, batches by state, runs, rates, what waits longest", [
    "ledger status --environment prod",
  ])
    .option("--exact", "count every file, which takes minutes where there are many")
    .action(
      act<LedgerStatusOptions>(end, async (...given) => (await import("./status")).ledgerStatus(...given)),
    );

  paged(
    one(ledger, "files", "files by name, of a status, or of a batch", [
      "ledger files --status failed --environment prod",
      "ledger files raw-json-data/2026/week05/a.json --environment prod",
      "ledger files --batch 17 --limit 0 --json --environment prod",
    ]),
  )
    .argument("[files...]", NAMES)
    .addOption(new Option("--status <status>", "only files of that status").choices(FILE_STATUSES))
    .option("--batch <id>", "only files of that batch", whole(1, MAX_ID))
    .action((names: string[], options) =>
      act<Omit<LedgerFilesOptions, "names">>(
        end,
        async (operator, others) => (await import("./files")).ledgerFiles(operator, { ...others, names }),
        async (others) => (await import("./files")).checkLedgerFiles({ ...others, names }),
      )(options),
    );

  one(ledger, "batch", "all that is known of a batch, with its objects", [
    "ledger batch 17 --environment prod",
  ])
    .argument("<id>", "number of the batch", whole(1, MAX_ID))
    .action((id: number, options) =>
      act(end, async (operator) => (await import("./batch")).ledgerBatch(operator, id))(options),
    );

  one(ledger, "vacuum-check", "whether the database keeps up with cleaning, and what is in its way", [
    "ledger vacuum-check --environment prod",
  ]).action(act(end, async (operator) => (await import("./vacuum-check")).vacuumCheck(operator)));
}

function mending(ledger: Command, end: End): void {
  reopening(
    one(ledger, "release", "give a batch back that is not committed, also one that a run holds", [
      "ledger release 17 --environment prod",
    ]),
  )
    .argument("<batch>", "number of the batch", whole(1, MAX_ID))
    .action((id: number, options) =>
      act<ReopeningOptions>(end, async (operator, others) =>
        (await import("./mend")).release(operator, id, others),
      )(options),
    );

  reopening(
    one(ledger, "retry", "try the batches of failed files immediately, with all attempts before them", [
      "ledger retry raw-json-data/2026/week05/a.json --environment prod",
    ]),
  )
    .argument("<files...>", NAMES)
    .action((names: string[], options) =>
      act<ReopeningOptions>(end, async (operator, others) =>
        (await import("./mend")).retry(operator, names, others),
      )(options),
    );

  reopening(
    one(ledger, "requeue", "the same of all batches that failed within a time", [
      "ledger requeue --status failed --since 2h --environment prod",
    ]),
  )
    .addOption(
      new Option("--status <status>", "status of their files").choices(["failed"]).makeOptionMandatory(),
    )
    .requiredOption("--since <time>", "how long ago at most: 15m, 2h, 3d", minutes)
    .action(act<RequeueOptions>(end, async (...given) => (await import("./mend")).requeue(...given)));
}

function reopening(command: Command): Command {
  return changing(command).option(
    "--current-version",
    "under the declaration and SQL of the next run, not those that the batch began with",
  );
}

function paged(command: Command): Command {
  return command
    .option("--limit <n>", "most files to show; 0: all", whole(0, 1e9), 100)
    .option("--after <place>", "go on where an earlier list ended, as it said", filesPlace);
}
