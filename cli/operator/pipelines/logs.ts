import { setTimeout as sleep } from "node:timers/promises";
import {
  type CloudWatchLogsClient,
  type FilteredLogEvent,
  paginateDescribeLogGroups,
  paginateFilterLogEvents,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  type Environment,
  functionName,
  ledgerBatchJobName,
  ledgerListerJobName,
  manifestsJobName,
  pipelinesOf,
  uploadsJobName,
} from "../../../environments/schema";
import { EXIT, type ExitCode } from "../command/exit-codes";
import { checkOn } from "../command/needed";
import type { Operator } from "../command/operator";
import type { Terminal } from "../command/terminal";
import type { JobSource, LogSource } from "./choices";

/** Jobs by the names that the command takes. */
const JOBS: Readonly<Record<JobSource, (environment: Environment) => string>> = {
  job: manifestsJobName,
  "uploads-job": uploadsJobName,
  "ledger-lister": ledgerListerJobName,
  "ledger-batch": ledgerBatchJobName,
};

export interface LogsOptions {
  readonly source: LogSource;
  readonly minutes: number;
  /** CloudWatch's filter pattern. */
  readonly filter?: string;
  readonly follow?: boolean;
}

const JOB_GROUPS = "/aws-glue/jobs";
const FOLLOW_MILLISECONDS = 2000;

/**
 * Writes the log of the last minutes, in the order of time; with `follow`, also what is logged from now on.
 */
export async function logs(operator: Operator, options: LogsOptions): Promise<ExitCode> {
  const { source } = options;
  checkOn(operator.environment, ...pipelinesOf(source === "job" ? "manifests-stream" : source));
  const groups = await groupsOf(operator, source);
  let from = operator.now.getTime() - options.minutes * 60_000;
  let shown = 0;
  let seen = new Set<string>();
  do {
    const events = await readEvents(operator.aws.logs, groups, from, options.filter);
    const fresh = events.filter(({ eventId = "" }) => !seen.has(eventId));
    for (const event of fresh) show(event, operator.terminal);
    shown += fresh.length;
    // the last millisecond is read again, for it may not have been whole
    from = Math.max(from, events.at(-1)?.timestamp ?? 0);
    seen = new Set(events.filter(({ timestamp }) => timestamp === from).map(({ eventId = "" }) => eventId));
    if (options.follow) await pause(operator.signal);
  } while (options.follow && !operator.signal.aborted);
  return shown > 0 || options.follow ? EXIT.ok : EXIT.nothing;
}

/** Log groups of a function (one) or of a job: all that Glue may write to, most of which stay empty. */
async function groupsOf({ aws, environment }: Operator, source: LogSource): Promise<string[]> {
  if (!isJob(source)) return [`/aws/lambda/${functionName(environment, source)}`];
  const job = JOBS[source](environment);
  const found: string[] = [];
  for await (const { logGroups = [] } of paginateDescribeLogGroups(
    { client: aws.logs },
    { logGroupNamePrefix: JOB_GROUPS },
  )) {
    found.push(...logGroups.map(({ logGroupName = "" }) => logGroupName));
  }
  return found.filter((name) => name.includes(job) && /\/(output|error)(-[a-z0-9-]+)?$/.test(name));
}

function isJob(source: LogSource): source is JobSource {
  return source in JOBS;
}

async function readEvents(
  client: CloudWatchLogsClient,
  groups: readonly string[],
  startTime: number,
  filterPattern: string | undefined,
): Promise<FilteredLogEvent[]> {
  const all: FilteredLogEvent[] = [];
  for (const logGroupName of groups) {
    const request = { logGroupName, startTime, ...(filterPattern === undefined ? {} : { filterPattern }) };
    for await (const { events = [] } of paginateFilterLogEvents({ client }, request)) all.push(...events);
  }
  return all.sort((one, other) => (one.timestamp ?? 0) - (other.timestamp ?? 0));
}

function show({ timestamp = 0, logStreamName, message = "" }: FilteredLogEvent, terminal: Terminal): void {
  const at = new Date(timestamp).toISOString();
  const text = message.trimEnd();
  if (terminal.json) terminal.record({ at, stream: logStreamName, message: text });
  else terminal.write(`${at} ${text.replaceAll("\t", " ").replaceAll("\n", "\n  ")}`);
}

async function pause(signal: AbortSignal): Promise<void> {
  await sleep(FOLLOW_MILLISECONDS, undefined, { signal }).catch(() => undefined);
}
