import {
  type Environment,
  ledgerBatchJobName,
  manifestsJobName,
  pipelinesOf,
  uploadsJobName,
} from "../../../environments/schema";
import { type RunSize, WORKER_PROFILES } from "../../../environments/schema/workers";
import { type JobCommand, WORKERS, type WorkerType } from "../../../runtime/glue-workers";
import { DPUS } from "../../../runtime/prices/glue";
import { EXIT, type ExitCode } from "../command/exit-codes";
import { checkOn } from "../command/needed";
import { warnOfOldPrices } from "../command/old-prices";
import type { Operator } from "../command/operator";
import { dollars } from "../command/tables";
import { ADVISED_JOBS, type AdvisedJob } from "../manifests/choices";
import { type Advice, adviceOn, dollarsOf, type JobUse, slotMebibytes, utilizationOf } from "./advice";
import { type RunUse, readUses } from "./use";

export interface AdviseOptions {
  readonly job?: AdvisedJob;
  /** Number of the newest runs of a job to look at. */
  readonly runs: number;
}

interface Job {
  readonly command: JobCommand;
  readonly name: (environment: Environment) => string;
  /** Place of its size among the settings. */
  readonly setting: string;
  readonly size: (environment: Environment) => RunSize;
}

const JOBS: Readonly<Record<AdvisedJob, Job>> = {
  "uploads-job": {
    command: "glueetl",
    name: uploadsJobName,
    setting: "uploads.workers",
    size: ({ uploads }) => uploads.workers,
  },
  "manifests-stream": {
    command: "gluestreaming",
    name: manifestsJobName,
    setting: "manifests.workers",
    // of the profile it has the first number alone
    size: ({ manifests }) => ({ ...manifests.workers, maximum: manifests.workers.number }),
  },
  "ledger-batch": {
    command: "glueetl",
    name: ledgerBatchJobName,
    setting: "ledger.batch.workers",
    size: ({ ledger }) => ledger.batch.workers,
  },
};

/**
 * Says of each job what its last runs used, and what size they would have needed. Runs of another size than the newest
 * are left out. It changes nothing: sizes are settings, which a deploy applies.
 */
export async function advise(operator: Operator, { job, runs }: AdviseOptions): Promise<ExitCode> {
  const { environment, terminal, now } = operator;
  if (job !== undefined) checkOn(environment, ...pipelinesOf(job));
  warnOfOldPrices(terminal, now);
  const deployed = ADVISED_JOBS.filter((name) =>
    pipelinesOf(name).some((pipeline) => environment.pipelines.includes(pipeline)),
  );
  const found = [];
  for (const name of job === undefined ? deployed : [job]) {
    const uses = await readUses(operator, name, JOBS[name].name(environment), runs);
    const use = useOf(JOBS[name], environment, uses);
    if (use === undefined) {
      terminal.warn(
        `${name}: none of the last ${runs} runs told the use of its slots, as each does every hour and at its end`,
      );
    } else found.push({ job: name, use, advice: adviceOn(use) });
  }
  const data = found.map(({ use, ...each }) => ({
    ...each,
    use: { ...use, utilization: utilizationOf(use), dollars: dollarsOf(use) },
  }));
  if (found.length > 0 || terminal.json) {
    terminal.show(data, found.map((each) => textOf(environment, each)).join("\n\n"));
  }
  return found.length > 0 ? EXIT.ok : EXIT.nothing;
}

/** Adds up the runs that told their use and have the size of the newest of these; undefined where none did. */
export function useOf(
  { command, size }: Pick<Job, "command" | "size">,
  environment: Environment,
  runs: readonly RunUse[],
): (JobUse & { readonly runs: number }) | undefined {
  const told = runs.filter((run): run is Required<RunUse> => run.used !== undefined);
  const [newest] = told;
  if (newest === undefined) return undefined;
  const alike = told.filter(
    ({ workers, workerType, executionClass }) =>
      workers === newest.workers &&
      workerType === newest.workerType &&
      executionClass === newest.executionClass,
  );
  const sum = (of: (run: Required<RunUse>) => number) => alike.reduce((all, run) => all + of(run), 0);
  const type = (newest.workerType in WORKERS ? newest.workerType : size(environment).type) as WorkerType;
  const executionClass = newest.executionClass === "FLEX" ? "FLEX" : "STANDARD";
  const { number, maximum, coresOfTask } = size(environment);
  const fixed = { number: newest.workers, maximum: newest.workers };
  const pause = shortestPause(runs);
  return {
    runs: alike.length,
    command,
    size: { type, executionClass, coresOfTask, ...(number < maximum ? { number, maximum } : fixed) },
    workers: sum(({ dpuSeconds }) => dpuSeconds) / (DPUS[type] ?? 1) / sum(({ seconds }) => seconds),
    dpuSeconds: sum(({ dpuSeconds }) => dpuSeconds),
    slotSeconds: sum(({ used }) => used.slot_seconds),
    busySeconds: sum(({ used }) => used.busy_seconds),
    killed: sum(({ used }) => used.killed),
    peakMebibytes: Math.max(...alike.map(({ used }) => used.peak_mebibytes)),
    ...(pause === undefined ? {} : { pauseSeconds: pause }),
  };
}

/** Seconds between the end of a run and the start of the next; `runs` are the newest first. */
function shortestPause(runs: readonly RunUse[]): number | undefined {
  const pauses = runs.slice(1).map(({ startedAt, seconds }, index) => {
    const next = Date.parse(runs[index]?.startedAt ?? "");
    return (next - Date.parse(startedAt)) / 1000 - seconds;
  });
  return pauses.length === 0 ? undefined : Math.max(0, Math.min(...pauses));
}

interface Found {
  readonly job: AdvisedJob;
  readonly use: JobUse & { readonly runs: number };
  readonly advice: readonly Advice[];
}

function textOf({ name }: Environment, { job, use, advice }: Found): string {
  const busy = `${Math.round(utilizationOf(use) * 100)} % of the slots' time`;
  const memory = `${use.peakMebibytes.toLocaleString("en-US")} of ${slotMebibytes(use.size).toLocaleString("en-US")} MiB a task`;
  const used = `${job}: ${use.runs} ${use.runs === 1 ? "run" : "runs"} of ${workersText(use.size, use.workers)} for ${dollars(dollarsOf(use))}, ${busy}, at most ${memory}, ${use.killed} killed`;
  if (advice.length === 0) return `${used}\n  no other size would do better`;
  const { command, setting } = JOBS[job];
  const lines = advice.flatMap(({ finding, size, savedDollars }) => [
    `  ${finding}: ${savedDollars < 0 ? "costs" : "saves"} ${dollars(Math.abs(savedDollars))} of these`,
    `    environments/${name}.ts: ${setting}: ${settingOf(command, size)}, then deploy`,
  ]);
  return [used, ...lines].join("\n");
}

function workersText({ type, executionClass }: RunSize, workers: number): string {
  const count = Number(workers.toFixed(1)).toLocaleString("en-US");
  return `${count} ${type}${executionClass === "FLEX" ? " FLEX" : ""}`;
}

/** Settings that give a job that size: a profile for the class and the cores of a task, the rest by itself. */
function settingOf(command: JobCommand, size: RunSize): string {
  const { type, number, maximum, executionClass, coresOfTask } = size;
  const isStream = command === "gluestreaming";
  const alike = Object.entries(WORKER_PROFILES).filter(
    ([, each]) => each.executionClass === executionClass && each.coresOfTask === coresOfTask,
  );
  const [profile] =
    alike.find(([name, each]) => (isStream ? name === "streaming" : number <= each.maximum)) ??
    (alike.at(-1) as (typeof alike)[number]);
  return `{ profile: "${profile}", type: "${type}", number: ${number}${isStream ? "" : `, maximum: ${maximum}`} }`;
}
