import type { Environment } from "../../../environments/schema";
import { DPUS, hourPrice, LEAST_RUN_SECONDS } from "../../../runtime/prices/glue";
import { PRICES } from "../../../runtime/prices/table";
import { type Amount, noted, priced } from "./amount";
import { type Cost, costs, workOf } from "./cost";
import { CORE_MEGABYTES, CORES_PER_DPU } from "./measured";

/**
 * Write units of an upload, counted in docs/uploads-pipeline.md: registration, claim, mark, commit and audit. Those of
 * transactions count double; the index takes an entry out and puts one in.
 */
const TABLE_WRITES = 11;
const INDEX_WRITES = 5;
/** Read units: the look at the index and the items of the object. */
const READS = 4;
/** Objects that an upload writes: Parquet and stats; a dataset with CSV writes one more. */
const PUTS = 2;

/** What uploads cost as they come, without their storage. */
export function uploadsCosts(environment: Environment): Cost[] {
  const { files } = workOf(environment, "uploads");
  if (files === 0) return [];
  const place = { pipeline: "uploads", by: "files" } as const;
  return [
    ...costs(
      { ...place, layer: "storage" },
      {
        "S3: uploads": priced(PRICES.put, [files, "PUT"]),
        "S3: reads": priced(PRICES.get, [files, "GET"]),
        "S3: outputs": priced(PRICES.put, files, [PUTS, "PUT"]),
      },
    ),
    ...costs(
      { ...place, layer: "ledger" },
      {
        "DynamoDB: writes": priced(PRICES.tableWrite, files, [TABLE_WRITES + INDEX_WRITES, "writes"]),
        "DynamoDB: reads": priced(PRICES.tableRead, files, [READS, "reads"]),
      },
    ),
    ...costs({ ...place, layer: "compute" }, { "Glue: uploads-job": uploadsJob(environment) }),
  ];
}

/**
 * Cost of the job's runs. A file keeps a run up for its own time and `settleSeconds`; where files come at random, some run
 * is up for 1 − e^(−files an hour × that time) of the time.
 */
function uploadsJob(environment: Environment): Amount {
  const { workers, settleSeconds } = environment.uploads;
  const { filesPerHour, megabytesPerFile, hours } = workOf(environment, "uploads");
  const dpus = (DPUS[workers.type] ?? 1) * workers.number;
  // one core reads a file
  const work = megabytesPerFile / CORE_MEGABYTES.csv;
  const seconds = Math.max(LEAST_RUN_SECONDS, settleSeconds + work);
  const up = hours * (1 - Math.exp((-filesPerHour * seconds) / 3600));
  const busy = (hours * filesPerHour * work) / 3600 / CORES_PER_DPU;
  const hour = hourPrice(workers.executionClass);
  if (busy > up * dpus) return priced(hour, [busy, "DPU hours of work"]);
  const amount = priced(hour, [up, "h"], [dpus, "DPU"]);
  return noted(amount, `each file keeps a run up for ${Math.round(seconds)} s`);
}
