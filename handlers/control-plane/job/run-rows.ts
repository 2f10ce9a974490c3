import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { conditionHeld } from "../../../runtime/aws/dynamo";
import { DAY_MS } from "../../../runtime/clock";
import { ACTIVE_STATES } from "../../../runtime/glue-states";
import { JOB_RUN_ROWS } from "../../../runtime/manifests/metric-rows";
import { costOf } from "../../../runtime/prices/glue";
import { expiry } from "../expiry";
import type { ControlPlane } from "../plane";
import type { Run } from "./run";

/** Use of a run on one date, in UTC. */
export interface DayOfRun {
  date: string;
  seconds: number;
  dpuSeconds?: number;
}

/**
 * Splits a run's use by date, in proportion to its time on each: a streaming run lasts up to a week, and
 * costs are queried by date.
 */
export function daysOf(run: Run, now: Date): DayOfRun[] {
  const [from, to] = [
    run.startedAt.getTime(),
    Math.max((run.endedAt ?? now).getTime(), run.startedAt.getTime()),
  ];
  const whole = to - from;
  const days: DayOfRun[] = [];
  for (let start = Math.floor(from / DAY_MS) * DAY_MS; start <= to; start += DAY_MS) {
    const time = Math.min(to, start + DAY_MS) - Math.max(from, start);
    const share = whole === 0 ? 1 : time / whole;
    if (share === 0) continue;
    const dpuSeconds = run.dpuSeconds === undefined ? {} : { dpuSeconds: run.dpuSeconds * share };
    days.push({
      date: new Date(start).toISOString().slice(0, 10),
      seconds: run.seconds * share,
      ...dpuSeconds,
    });
  }
  return days;
}

/**
 * Writes the row `job_run#<id>` of each date of the run: of all dates when it has ended, of yesterday and
 * today while it runs, for earlier ones do not change. The rows of all dates add up to the run.
 */
export async function keepRunRows({ metrics, clock }: ControlPlane, run: Run): Promise<void> {
  const days = daysOf(run, clock.now());
  for (const day of run.endedAt ? days : days.slice(-2)) {
    const put = new PutItemCommand({
      TableName: metrics.name,
      Item: {
        metric_date: { S: day.date },
        metric_type: { S: `${JOB_RUN_ROWS}${run.id}` },
        job_name: { S: run.jobName },
        state: { S: run.state },
        started_at: { S: run.startedAt.toISOString() },
        ...(run.endedAt ? { ended_at: { S: run.endedAt.toISOString() } } : {}),
        execution_time_seconds: { N: rounded(day.seconds) },
        ...(day.dpuSeconds === undefined
          ? {}
          : {
              dpu_seconds: { N: rounded(day.dpuSeconds) },
              estimated_cost_usd: { N: rounded(costOf(day.dpuSeconds)) },
            }),
        ...(run.workerType === undefined ? {} : { worker_type: { S: run.workerType } }),
        ...(run.workers === undefined ? {} : { number_of_workers: { N: String(run.workers) } }),
        ...(run.error === undefined ? {} : { error_message: { S: run.error } }),
        ttl: expiry(Date.parse(day.date)),
      },
      ...(run.endedAt ? {} : UNLESS_ENDED),
    });
    await conditionHeld(metrics.client.send(put));
  }
}

/** Condition by which a slow tick does not overwrite what the end of the run wrote. */
const UNLESS_ENDED = {
  ConditionExpression: `attribute_not_exists(#state) OR #state IN (${ACTIVE_STATES.map((_, n) => `:s${n}`).join(", ")})`,
  ExpressionAttributeNames: { "#state": "state" },
  ExpressionAttributeValues: Object.fromEntries(ACTIVE_STATES.map((state, n) => [`:s${n}`, { S: state }])),
};

function rounded(value: number): string {
  return String(Math.round(value * 1e6) / 1e6);
}
