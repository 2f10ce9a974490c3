import { manifestsJobName } from "../../../environments/schema";
import { readStreamingJob } from "../../../runtime/manifests/control";
import type { OpenStatus } from "../../../runtime/manifests/tracking";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { isAtWork, type RunState, readRuns } from "../command/runs";
import { bytes, dollars, duration, indented, list, table } from "../command/tables";
import { OPEN_STATUSES } from "./choices";
import { type Cost, costSoFar, type HourRate, readRates } from "./costs";
import { type Intake, readIntake } from "./intake";
import { controlTable } from "./scale";
import { countOpen, type OpenCount, type OpenFile, oldestOpen } from "./tracking";

const RUNS = 5;

/** Output of `manifests status --json`. */
interface ManifestsStatus {
  readonly environment: string;
  readonly at: string;
  readonly intake: Intake;
  readonly job: Job;
  /** Rates of this hour so far and the one before, by dataset. */
  readonly rates: readonly HourRate[];
  /** Numbers of files that are not finished. */
  readonly open: Readonly<Record<OpenStatus, OpenCount>>;
  readonly oldestWaiting: (OpenFile & { readonly seconds: number }) | null;
  readonly cost: Cost;
}

interface Job {
  readonly name: string;
  readonly desired: "running" | "stopped";
  /** Number of workers of the next run. */
  readonly workers: number;
  readonly failures: number;
  readonly nextStartAt?: Date;
  readonly runs: readonly RunState[];
}

/** Shows the streaming job, what waits for it, and its rates and cost. */
export async function manifestsStatus(operator: Operator): Promise<ExitCode> {
  const found = await readManifests(operator);
  operator.terminal.show(found, textOf(found));
  return EXIT.ok;
}

async function readManifests(operator: Operator): Promise<ManifestsStatus> {
  const [intake, job, rates, counts, oldest, cost] = await Promise.all([
    readIntake(operator),
    readJob(operator),
    readRates(operator),
    Promise.all(OPEN_STATUSES.map(async (each) => [each, await countOpen(operator, each)] as const)),
    oldestOpen(operator, "manifested"),
    costSoFar(operator),
  ]);
  return {
    environment: operator.environment.name,
    at: operator.now.toISOString(),
    intake,
    job,
    rates,
    open: Object.fromEntries(counts) as Record<OpenStatus, OpenCount>,
    oldestWaiting: oldest ? { ...oldest, seconds: secondsSince(oldest.createdAt, operator.now) } : null,
    cost,
  };
}

async function readJob(operator: Operator): Promise<Job> {
  const { environment } = operator;
  const [control, runs] = await Promise.all([
    readStreamingJob(controlTable(operator)),
    readRuns(operator, RUNS, manifestsJobName(environment)),
  ]);
  const { desired, failures, nextStartAt, workers = environment.manifests.workers.number } = control;
  return {
    name: manifestsJobName(environment),
    desired,
    workers,
    failures,
    ...(nextStartAt === undefined ? {} : { nextStartAt }),
    runs,
  };
}

function secondsSince(time: string, now: Date): number {
  return Math.max(0, Math.round((now.getTime() - Date.parse(time)) / 1000));
}

function textOf(found: ManifestsStatus): string {
  const section = (title: string, text: string) => `${title}\n${indented(text)}`;
  const { served, state } = found.intake;
  return [
    `${found.environment} at ${found.at}`,
    section("streaming job", jobText(found.job, found.at)),
    list([["event source of the manifest builder", served === "locally" ? "served by npm start" : state]]),
    section("files", filesText(found)),
    section("rates", ratesText(found)),
    section("cost of the streaming job", costText(found)),
  ].join("\n\n");
}

function jobText(job: Job, at: string): string {
  const now = new Date(at);
  const waits = job.nextStartAt !== undefined && job.nextStartAt > now;
  const wanted = [
    `wanted: ${job.desired}, ${job.workers} workers`,
    ...(job.failures > 0 ? [`${job.failures} ends in a row that nobody asked for`] : []),
    ...(waits ? [`no start before ${job.nextStartAt.toISOString()}`] : []),
    ...(job.desired === "running" && !job.runs.some(isAtWork) ? ["no run is at work"] : []),
  ].join("; ");
  if (job.runs.length === 0) return wanted;
  const runs = table(
    [
      { head: "run", cell: ({ id }) => id },
      { head: "state", cell: ({ state }) => state },
      { head: "started", cell: ({ startedAt }) => startedAt },
      { head: "time", cell: ({ seconds }) => duration(seconds) },
      { head: "workers", cell: ({ workers }) => workers },
      { head: "error", cell: ({ error }) => error?.slice(0, 80) },
    ],
    job.runs,
  );
  return `${wanted}\n${runs}`;
}

function filesText({ open, oldestWaiting }: ManifestsStatus): string {
  const count = ({ count: number, isWhole }: OpenCount) =>
    `${number.toLocaleString("en-US")}${isWhole ? "" : " or more"}`;
  return list([
    ["waiting for their Parquet", count(open.manifested)],
    ["failed", count(open.failed)],
    ["quarantined", count(open.quarantined)],
    [
      "waiting longest",
      oldestWaiting ? `${oldestWaiting.key}, ${duration(oldestWaiting.seconds)}` : undefined,
    ],
  ]);
}

function ratesText({ rates }: ManifestsStatus): string {
  if (rates.length === 0) return "nothing was published in this hour and the one before";
  return table(
    [
      { head: "hour (UTC)", cell: ({ hour }) => hour },
      { head: "dataset", cell: ({ dataset }) => dataset },
      { head: "manifests", cell: ({ manifests }) => manifests },
      { head: "files", cell: ({ files }) => files },
      { head: "rows", cell: ({ rows }) => rows },
      { head: "dead letters", cell: ({ deadLetters }) => deadLetters },
      { head: "read", cell: ({ inputBytes }) => bytes(inputBytes) },
      { head: "written", cell: ({ outputBytes }) => bytes(outputBytes) },
    ],
    rates,
  );
}

function costText({ cost }: ManifestsStatus): string {
  return list([
    ["today", dollars(cost.todayDollars)],
    [`since ${cost.monthSince}`, dollars(cost.monthDollars)],
  ]);
}
