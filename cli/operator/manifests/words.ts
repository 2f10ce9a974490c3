import { type Command, Option } from "commander";
import { whole } from "../../../setup/arguments";
import { changing, type YesOption } from "../command/applying";
import { date } from "../command/arguments";
import type { ExitCode } from "../command/exit-codes";
import { needing } from "../command/needed";
import type { Operator } from "../command/operator";
import { act, type End, one } from "../command/words";
import { STATUSES } from "./choices";
import type { FilesOptions } from "./files";
import type { ManifestsOptions } from "./manifests";
import type { ReprocessOptions } from "./reprocess";
import type { OrderOptions, ScaleOptions } from "./scale";

const MAX_WORKERS = 100;
const WAIT = "wait until it is so";

/** Subcommands that only the manifests pipeline has. */
export function manifestsWords(program: Command, end: End): void {
  const group = program
    .command("manifests")
    .description("look at manifests, and steer the streaming job and the intake of its pipeline");
  listing(group, end);
  filesOf(group, end);
  again(group, end);
  steering(group, end);
  intake(group, end);
}

function listing(group: Command, end: End): void {
  one(group, "status", "the streaming job and its runs, what waits for it, rates, cost so far", [
    "manifests status --environment prod",
  ]).action(
    act(
      end,
      needing("manifests", async (operator) => (await import("./status")).manifestsStatus(operator)),
    ),
  );

  one(group, "list", "manifests of a date and whether their Parquet exists", [
    "manifests list --date 2026-01-31 --waiting --environment prod",
  ])
    .requiredOption("--date <yyyy-mm-dd>", "date of the manifests", date)
    .option("--dataset <name>", "only manifests of that dataset")
    .option("--waiting", "only manifests without Parquet")
    .option("--limit <n>", "most manifests to show; 0: all", whole(0, 1e9), 100)
    .action(
      act<ManifestsOptions>(
        end,
        needing("manifests", async (...given) => (await import("./manifests")).manifests(...given)),
      ),
    );
}

function filesOf(group: Command, end: End): void {
  one(group, "files", "files of a date, or all unfinished ones of a status", [
    "manifests files --date 2026-01-31 --status quarantined --environment prod",
    "manifests files --status failed --environment prod",
    "manifests files --date undated --environment prod",
  ])
    .option("--date <yyyy-mm-dd>", "date in the files' names, or undated", date)
    .addOption(new Option("--status <status>", "only files of that status").choices(STATUSES))
    .option("--dataset <name>", "only files of that dataset")
    .option("--limit <n>", "most files to show; 0: all", whole(0, 1e9), 100)
    .action(
      act<FilesOptions>(
        end,
        needing("manifests", async (...given) => (await import("./files")).files(...given)),
        async (options) => (await import("./files")).checkFiles(options),
      ),
    );
}

function again(group: Command, end: End): void {
  changing(
    one(group, "reprocess", "do manifests again: replaces their outputs, never adds to them", [
      "manifests reprocess --date 2026-01-31 --dataset clicks --environment prod --yes",
      "manifests reprocess --manifest clicks/2026-01-31/<id> --environment prod",
      "manifests reprocess --status failed --date 2026-01-31 --environment prod",
    ]),
  )
    .option("--manifest <key>", "key of a manifest, or <dataset>/<date>/<id>")
    .option("--date <yyyy-mm-dd>", "all manifests of that date, or its files of --status", date)
    .addOption(new Option("--status <status>", "files of that status").choices(STATUSES))
    .option("--dataset <name>", "only of that dataset")
    .option("--without-gone", "also where files are gone from the raw bucket: outputs lose their rows")
    .action(
      act<ReprocessOptions>(
        end,
        needing("manifests", async (...given) => (await import("./reprocess")).reprocessManifests(...given)),
        async (options) => (await import("./reprocess-plan")).checkSelection(options),
      ),
    );
}

/** Orders to the streaming job. */
function steering(group: Command, end: End): void {
  changing(
    one(group, "scale", "set the number of workers of the next runs", [
      "manifests scale --workers 6 --environment prod",
      "manifests scale --workers 6 --now --wait --environment prod --yes",
    ]),
  )
    .requiredOption("--workers <n>", "workers, the driver's included", whole(2, MAX_WORKERS))
    .option("--now", "finish what is in work and start again with them")
    .option("--wait", WAIT)
    .action(
      act<ScaleOptions>(
        end,
        needing("manifests", async (...given) => (await import("./scale")).scale(...given)),
        async (options) => (await import("./scale")).checkScale(options),
      ),
    );

  const orders = {
    stop: "finish what is in work, then run no more",
    start: "let the streaming job run",
    restart: "finish what is in work, then start again",
  };
  for (const [name, description] of Object.entries(orders) as [keyof typeof orders, string][]) {
    changing(one(group, name, description, [`manifests ${name} --environment prod --wait --yes`]))
      .option("--wait", WAIT)
      .action(
        act<OrderOptions>(
          end,
          needing("manifests", async (...given) => (await import("./scale"))[name](...given)),
          async (options) => (await import("./scale")).checkOrder(options),
        ),
      );
  }
}

function intake(group: Command, end: End): void {
  const switched = (isOn: boolean) =>
    act<YesOption>(
      end,
      needing("manifests", async (operator: Operator, options: YesOption): Promise<ExitCode> => {
        const { switchIntake } = await import("./intake");
        return switchIntake(operator, isOn, options);
      }),
    );
  const off = "leave new files in queue manifests-inputs: switch the builder's event source off";
  changing(one(group, "pause", off, ["manifests pause --environment prod --yes"])).action(switched(false));
  const on = "take new files again: switch the builder's event source on";
  changing(one(group, "resume", on, ["manifests resume --environment prod --yes"])).action(switched(true));
}
