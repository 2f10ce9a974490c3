import { type Environment, LISTER_WORKERS, MONTH_HOURS } from "../../../environments/schema";
import { DPUS, hourPrice, LEAST_RUN_SECONDS } from "../../../runtime/prices/glue";
import { PRICES } from "../../../runtime/prices/table";
import { type Amount, noted, priced, sum } from "./amount";
import { type Cost, costs, type Work, workOf } from "./cost";
import { BATCH_OBJECTS, CORES_PER_DPU, LEDGER_FILES_A_MINUTE } from "./measured";

/** DPUs of the lister, and minutes of a listing that finds nothing new. */
export const LISTER_DPUS = LISTER_WORKERS.number * (DPUS[LISTER_WORKERS.type] ?? 1);
const LISTING_MINUTES = 2;
/** Messages of a receive or a delete at most. */
const BATCH = 10;
/** Cores by which `LEDGER_FILES_A_MINUTE` was measured. */
const CORES = 2;

/** Runs by the clock that find nothing to do. */
export function ledgerRounds({ ledger: { scheduled, batch } }: Environment): Cost[] {
  if (!scheduled) return [];
  const runs = (MONTH_HOURS * 60) / batch.rateMinutes;
  const dpus = batch.workers.number * (DPUS[batch.workers.type] ?? 1);
  const days = MONTH_HOURS / 24;
  return costs(
    { layer: "compute", pipeline: "ledger", by: "time" },
    {
      "Glue: ledger-batch, with nothing to do": priced(
        hourPrice(batch.workers.executionClass),
        [runs, "runs"],
        [LEAST_RUN_SECONDS / 3600, "h"],
        [dpus, "DPU"],
      ),
      "Glue: ledger-lister, with nothing new": priced(
        PRICES.glueHour,
        [days, "runs"],
        [LISTING_MINUTES / 60, "h"],
        [LISTER_DPUS, "DPU"],
      ),
    },
    { end: "ledger.scheduled: false" },
  );
}

/** What files of the ledger cost as they come, without their storage. */
export function ledgerCosts(
  environment: Environment,
  { files }: Pick<Work, "files"> = workOf(environment, "ledger"),
): Cost[] {
  if (files === 0) return [];
  const { batch } = environment.ledger;
  const place = { pipeline: "ledger", by: "files" } as const;
  const batches = files / batch.files;
  return [
    ...costs(
      { ...place, layer: "storage" },
      {
        "S3: uploads": priced(PRICES.put, [files, "PUT"]),
        "S3: reads": priced(PRICES.get, [files, "GET"]),
        ...(batch.archive === "move"
          ? { "S3: move to the processed prefix": priced(PRICES.put, [files, "COPY"]) }
          : { "S3: tags of processed files": tagsOf(files) }),
        "S3: staging, Parquet": priced(
          PRICES.put,
          [batches, "batches"],
          [BATCH_OBJECTS, "objects"],
          [2, "PUT and COPY"],
        ),
      },
    ),
    ...costs(
      { ...place, layer: "compute" },
      {
        "SQS: ledger-inputs": sum(
          priced(PRICES.queueRequest, [files, "sends"]),
          priced(PRICES.queueRequest, [(2 * files) / BATCH, "receives and deletes of ten"]),
        ),
        "Glue: ledger-batch": priced(hourPrice(batch.workers.executionClass), [
          ((files / LEDGER_FILES_A_MINUTE / 60) * CORES) / CORES_PER_DPU,
          "DPU h",
        ]),
      },
    ),
  ];
}

/** Cost of tagging, and of a month's tags. */
export function tagsOf(files: number): Amount {
  return noted(
    sum(priced(PRICES.put, [files, "PUT of a tag"]), priced(PRICES.tag, [files, "tags"])),
    "the latter each month, as long as the files are kept",
  );
}
