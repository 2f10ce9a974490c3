import { type Environment, MONTH_HOURS } from "../../../environments/schema";
import { PRICES } from "../../../runtime/prices/table";
import { workOf } from "../model/cost";
import { CORE_MEGABYTES, CORES_PER_DPU } from "../model/measured";
import { streamingJob } from "../model/resources";
import { tableOf, usd } from "./tables";

/** Megabytes a second that an executor G.1X carries. */
const EXECUTOR = CORE_MEGABYTES.ndjson * CORES_PER_DPU;
/** Share of its time that a workers' number leaves busy, for a load ten times as high. */
const BUSY = 0.64;

/** Section on how many workers a rate needs. */
export function workersSection(environment: Environment, smallest: Environment): string {
  const { gigabytes, hours } = workOf(environment, "manifests");
  const rate = (gigabytes * 1000) / hours / 3600;
  const number = environment.manifests.workers.number;
  const least = 1 + Math.ceil(rate / EXECUTOR);
  const most = 1 + Math.ceil((10 * rate) / (EXECUTOR * BUSY));
  const { workers } = smallest.manifests;
  return `## How many workers

\`workers = 1 + ceil(MB/s ÷ (MB/s a core × ${CORES_PER_DPU} cores × load))\`: the driver, and G.1X executors of 1 DPU and ${CORES_PER_DPU} cores each, at the load
that one wants them to have. Assumed are **${CORE_MEGABYTES.ndjson} MB/s a core**: the [bench](benchmarks.md#a-manifest-from-s3-to-s3)
has 143 to 154 of CPU from S3 to S3, and a core of Glue is half of a physical one.

${tableOf(
  ["", "cores busy", "workers G.1X", "DPU", "USD a month", "an hour's backlog is gone after"],
  [
    row("minimum", rate, least),
    row(`**${environment.name}**`, rate, number),
    row("ten times the load", 10 * rate, most),
  ],
)}

An executor carries ${CORES_PER_DPU} × ${CORE_MEGABYTES.ndjson} MB/s = ${terabytes(EXECUTOR)} TB an hour, and ${terabytes(rate)} TB arrive meanwhile: *e* executors are done with the backlog of one hour
after ${terabytes(rate)} ÷ (${terabytes(EXECUTOR)} *e* − ${terabytes(rate)}) hours. A second executor is there for that, and so that the loss of one stops nothing. In ${smallest.name}
${workers.number} workers ${workers.type} cost ${usd(streamingJob(workers)?.dollars ?? 0)} USD a month while the job runs.

\`npm run deploy\` says at its end what its environment costs a day without any file, by the same figures. The streaming job runs until
[\`tributary manifests stop\`](operations.md).`;
}

function row(what: string, rate: number, workers: number): string[] {
  const executors = workers - 1;
  const cores = executors * CORES_PER_DPU;
  const busy = rate / CORE_MEGABYTES.ndjson;
  const minutes = (rate / (EXECUTOR * executors - rate)) * 60;
  const megabytes = Math.round(rate).toLocaleString("en-US");
  return [
    `${what}: ${megabytes} MB/s at ${Math.round((100 * busy) / cores)} % load`,
    `${busy.toFixed(1)} of ${cores}`,
    String(workers),
    String(workers),
    usd(workers * MONTH_HOURS * PRICES.glueHour.dollars),
    `${Math.round(minutes)} min`,
  ];
}

function terabytes(megabytesPerSecond: number): string {
  return String(Number(((megabytesPerSecond * 3600) / 1e6).toPrecision(3)));
}
