/** What runs of a job took: of Glue their time and workers, of their own logs the use of slots and memory. */
import { paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { GetJobRunsCommand, type JobRun } from "@aws-sdk/client-glue";
import { dpusOf } from "../../../runtime/prices/glue";
import type { Operator } from "../command/operator";
import { runStateOf } from "../command/runs";
import type { JobSource } from "../manifests/choices";
import { groupsOf } from "../pipelines/logs";

/** What a run told of its slots, from its beginning on; see glue/tributary/distribution/metered.py. */
interface Used {
  readonly slot_seconds: number;
  readonly busy_seconds: number;
  readonly tasks: number;
  readonly killed: number;
  readonly peak_mebibytes: number;
}

export interface RunUse {
  readonly run: string;
  readonly startedAt: string;
  readonly seconds: number;
  readonly dpuSeconds: number;
  /** Of a job that Glue scales, at most. */
  readonly workers: number;
  readonly workerType: string;
  readonly executionClass: string;
  /** Absent where the run told nothing, as when it was killed in its first hour. */
  readonly used?: Used;
}

/** The newest runs of a job that took time, the newest first. */
export async function readUses(
  operator: Operator,
  source: JobSource,
  job: string,
  count: number,
): Promise<RunUse[]> {
  const { JobRuns = [] } = await operator.aws.glue.send(
    new GetJobRunsCommand({ JobName: job, MaxResults: count }),
  );
  const groups = (await groupsOf(operator, [source])).filter(({ name }) => /\/output(-|$)/.test(name));
  const uses: RunUse[] = [];
  for (const run of JobRuns.slice(0, count)) {
    if (operator.signal.aborted) break;
    const { id, seconds, startedAt = "", workers = 0, workerType = "" } = runStateOf(run, operator.now);
    if (seconds === 0) continue;
    operator.terminal.progress(`reading what ${id} told`);
    const used = await lastUsed(operator, groups, run);
    const dpuSeconds = run.DPUSeconds ?? (dpusOf(run) ?? 0) * seconds;
    const executionClass = run.ExecutionClass ?? "STANDARD";
    const size = { workers, workerType, executionClass };
    uses.push({ run: id, startedAt, seconds, dpuSeconds, ...size, ...(used && { used }) });
  }
  return uses;
}

/** The last that a run told, which is of all its time. */
async function lastUsed(
  { aws }: Operator,
  groups: readonly { readonly name: string }[],
  { Id = "", StartedOn }: JobRun,
): Promise<Used | undefined> {
  let last: Used | undefined;
  for (const { name } of groups) {
    const pages = paginateFilterLogEvents(
      { client: aws.logs },
      {
        logGroupName: name,
        logStreamNamePrefix: Id,
        filterPattern: '{ $.event = "used" }',
        ...(StartedOn && { startTime: StartedOn.getTime() }),
      },
    );
    for await (const { events = [] } of pages) {
      for (const { logStreamName, message = "" } of events) {
        if (logStreamName?.startsWith(Id)) last = usedOf(message) ?? last;
      }
    }
  }
  return last;
}

function usedOf(message: string): Used | undefined {
  if (!message.includes('"event": "used"')) return undefined;
  return JSON.parse(message) as Used;
}
