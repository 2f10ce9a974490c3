import { setTimeout as sleep } from "node:timers/promises";
import {
  type FilteredLogEvent,
  paginateDescribeLogGroups,
  paginateFilterLogEvents,
  ResourceNotFoundException,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  type DeployedFunction,
  type Environment,
  functionName,
  functionsOf,
  ledgerBatchJobName,
  ledgerListerJobName,
  manifestsJobName,
  pipelinesOf,
  uploadsJobName,
} from "../../../environments/schema";
import { UsageError } from "../command/errors";
import { EXIT, type ExitCode } from "../command/exit-codes";
import { checkOn } from "../command/needed";
import type { Operator } from "../command/operator";
import type { Terminal } from "../command/terminal";
import { JOB_SOURCES, type JobSource, type LogSource } from "../manifests/choices";
import { knownDatasets } from "./meant";
import { type Narrowed, wantedPipelines } from "./narrowed";

/** Jobs by the names that the command takes. */
const JOBS: Readonly<Record<JobSource, (environment: Environment) => string>> = {
  "uploads-job": uploadsJobName,
  "manifests-stream": manifestsJobName,
  "ledger-lister": ledgerListerJobName,
  "ledger-batch": ledgerBatchJobName,
};

export interface LogsOptions extends Narrowed {
  /** Absent: all of the pipelines that are wanted. */
  readonly source?: LogSource;
  readonly minutes: number;
  /** CloudWatch's filter pattern. */
  readonly filter?: string;
  readonly follow?: boolean;
}

/** Log group of a source. */
interface Group {
  readonly source: LogSource;
  readonly name: string;
}

interface SourceEvent extends FilteredLogEvent {
  readonly source: LogSource;
}

const JOB_GROUPS = "/aws-glue/jobs";
const FOLLOW_MILLISECONDS = 2000;
/** Pause of a follower for each log group: CloudWatch takes five reads a second of an account. */
const GROUP_MILLISECONDS = 500;
/** How late an event may be seen: each stream of a group, and each group, takes a time of its own. */
const LATE_MILLISECONDS = 30_000;

/** @throws UsageError where a source is narrowed, which is one of one pipeline */
export function checkLogs({ source, pipeline, dataset }: LogsOptions): void {
  if (source !== undefined && (pipeline ?? dataset) !== undefined) {
    throw new UsageError("--pipeline and --dataset take the place of a source");
  }
}

/**
 * Writes the log of the last minutes, in the order of time; with `follow`, also what is logged from now on.
 */
export async function logs(operator: Operator, options: LogsOptions): Promise<ExitCode> {
  const { dataset, follow } = options;
  const sources = sourcesOf(operator, options);
  const groups = await groupsOf(operator, sources);
  const isWanted = dataset === undefined ? () => true : namesDataset(dataset);
  const begin = operator.now.getTime() - options.minutes * 60_000;
  let from = begin;
  let shown = 0;
  let seen = new Set<string>();
  do {
    const events = await readEvents(operator, groups, from, options);
    const fresh = events.filter(({ eventId = "", message = "" }) => !seen.has(eventId) && isWanted(message));
    for (const event of fresh) show(event, operator.terminal, sources.length > 1);
    shown += fresh.length;
    seen = new Set(events.map(({ eventId = "" }) => eventId));
    from = Math.max(from, (events.at(-1)?.timestamp ?? begin) - LATE_MILLISECONDS);
    if (follow)
      await pause(Math.max(FOLLOW_MILLISECONDS, groups.length * GROUP_MILLISECONDS), operator.signal);
  } while (follow && !operator.signal.aborted);
  return shown > 0 || follow ? EXIT.ok : EXIT.nothing;
}

/** The source that is named, or the jobs and functions of the pipelines that are wanted. */
function sourcesOf({ environment }: Operator, { source, ...narrowed }: LogsOptions): LogSource[] {
  if (source !== undefined) {
    checkOn(environment, ...pipelinesOf(source));
    return [source];
  }
  const wanted = wantedPipelines(environment, narrowed);
  const deployed: readonly LogSource[] = [...JOB_SOURCES, ...functionsOf(environment)];
  return deployed.filter((name) => pipelinesOf(name).some((pipeline) => wanted.includes(pipeline)));
}

/** Whether a line names the dataset, or a file of it. */
function namesDataset(name: string): (message: string) => boolean {
  const prefix = knownDatasets().find((dataset) => dataset.name === name)?.prefix;
  const word = new RegExp(`(^|[^A-Za-z0-9_])${name}([^A-Za-z0-9_]|$)`);
  return (message) => word.test(message) || (prefix !== undefined && message.includes(prefix));
}

/** Log groups of sources: one of a function; of a job all that Glue may write to, most of which stay empty. */
export async function groupsOf(
  { aws, environment }: Operator,
  sources: readonly LogSource[],
): Promise<Group[]> {
  const functions = sources
    .filter((source) => !isJob(source))
    .map((source) => functionGroup(environment, source));
  const jobs = sources.filter(isJob);
  if (jobs.length === 0) return functions;
  const found: string[] = [];
  for await (const { logGroups = [] } of paginateDescribeLogGroups(
    { client: aws.logs },
    { logGroupNamePrefix: JOB_GROUPS },
  )) {
    found.push(...logGroups.map(({ logGroupName = "" }) => logGroupName));
  }
  const written = found.filter((name) => /\/(output|error)(-[a-z0-9-]+)?$/.test(name));
  return [
    ...jobs.flatMap((source) => {
      const job = JOBS[source](environment);
      return written.filter((name) => name.includes(job)).map((name) => ({ source, name }));
    }),
    ...functions,
  ];
}

function functionGroup(environment: Environment, source: LogSource): Group {
  return { source, name: `/aws/lambda/${functionName(environment, source as DeployedFunction)}` };
}

function isJob(source: LogSource): source is JobSource {
  return source in JOBS;
}

async function readEvents(
  { aws }: Operator,
  groups: readonly Group[],
  startTime: number,
  { filter, source: named }: LogsOptions,
): Promise<SourceEvent[]> {
  const read = groups.map(async ({ source, name }) => {
    const request = { logGroupName: name, startTime, ...(filter && { filterPattern: filter }) };
    const found: SourceEvent[] = [];
    try {
      for await (const { events = [] } of paginateFilterLogEvents({ client: aws.logs }, request)) {
        found.push(...events.map((event) => ({ ...event, source })));
      }
    } catch (error) {
      // a function that never ran has no log yet
      if (named !== undefined || !(error instanceof ResourceNotFoundException)) throw error;
    }
    return found;
  });
  const all = (await Promise.all(read)).flat();
  return all.sort((one, other) => (one.timestamp ?? 0) - (other.timestamp ?? 0));
}

function show(event: SourceEvent, terminal: Terminal, withSource: boolean): void {
  const { timestamp = 0, source, logStreamName, message = "" } = event;
  const at = new Date(timestamp).toISOString();
  const text = message.trimEnd();
  if (terminal.json) terminal.record({ at, source, stream: logStreamName, message: text });
  else {
    const lines = text.replaceAll("\t", " ").replaceAll("\n", "\n  ");
    terminal.write(withSource ? `${at} ${source}: ${lines}` : `${at} ${lines}`);
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}
