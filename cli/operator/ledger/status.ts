import { GetJobRunsCommand, GetWorkflowRunsCommand } from "@aws-sdk/client-glue";
import {
  type Environment,
  ledgerBatchJobName,
  ledgerListerJobName,
  ledgerWorkflowName,
} from "../../../environments/schema";
import { FILE_STATUSES, type LedgerStatus } from "../../../runtime/ledger/operator-protocol";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { type RunState, runStateOf } from "../command/runs";
import { bytes, duration, indented, list, table } from "../command/tables";
import { ask } from "./ask";

export interface LedgerStatusOptions {
  /** Count every file, however long it takes. */
  readonly exact?: boolean;
}

/** Number of the newest runs of each job. */
const RUNS = 3;

/** Output of `ledger status --json`. */
interface Shown extends LedgerStatus {
  readonly environment: string;
  /** Runs of the workflow, the lister and the batch job, each the newest first. */
  readonly runs: readonly LedgerRun[];
}

type LedgerRun = Omit<RunState, "workers" | "workerType"> & { readonly of: string };

/** Shows the state of the ledger and of its jobs. */
export async function ledgerStatus(
  operator: Operator,
  { exact = false }: LedgerStatusOptions,
): Promise<ExitCode> {
  const [found, ...runs] = await Promise.all([
    ask(operator, "status", { exact }),
    workflowRuns(operator),
    jobRuns(operator, ledgerListerJobName),
    jobRuns(operator, ledgerBatchJobName),
  ]);
  const shown = { environment: operator.environment.name, ...found, runs: runs.flat() };
  operator.terminal.show(shown, textOf(shown));
  return EXIT.ok;
}

async function jobRuns(
  { aws, environment, now }: Operator,
  nameOf: (environment: Environment) => string,
): Promise<LedgerRun[]> {
  const JobName = nameOf(environment);
  const { JobRuns = [] } = await aws.glue.send(new GetJobRunsCommand({ JobName, MaxResults: RUNS }));
  return JobRuns.slice(0, RUNS).map((run) => ({ of: JobName, ...runStateOf(run, now) }));
}

async function workflowRuns({ aws, environment, now }: Operator): Promise<LedgerRun[]> {
  const Name = ledgerWorkflowName(environment);
  const { Runs = [] } = await aws.glue.send(new GetWorkflowRunsCommand({ Name, MaxResults: RUNS }));
  return Runs.slice(0, RUNS).map(
    ({ WorkflowRunId = "", Status = "", StartedOn, CompletedOn, ErrorMessage }) => ({
      of: `workflow ${Name}`,
      id: WorkflowRunId,
      state: Status,
      seconds: StartedOn ? Math.round(((CompletedOn ?? now).getTime() - StartedOn.getTime()) / 1000) : 0,
      ...(StartedOn ? { startedAt: StartedOn.toISOString() } : {}),
      ...(ErrorMessage ? { error: ErrorMessage } : {}),
    }),
  );
}

function textOf(found: Shown): string {
  const section = (title: string, text: string) => `${title}\n${indented(text)}`;
  return [
    `${found.environment} at ${found.at}`,
    section("files", filesText(found)),
    ...(found.queued.length > 0 ? [section("queue", queueText(found))] : []),
    section("batches", batchesText(found)),
    section("committed in the last hour", hourText(found)),
    section("runs", runsText(found)),
  ].join("\n\n");
}

function filesText({ files, estimated, oldestClaimableSeconds }: LedgerStatus): string {
  const count = (status: (typeof FILE_STATUSES)[number]) =>
    `${estimated.includes(status) ? "about " : ""}${files[status].toLocaleString("en-US")}`;
  return list([
    ...FILE_STATUSES.map((status) => [status, count(status)] as const),
    ["waiting longest", oldestClaimableSeconds === null ? "nothing waits" : duration(oldestClaimableSeconds)],
  ]);
}

function queueText({ queued }: LedgerStatus): string {
  return table(
    [
      { head: "dataset", cell: ({ dataset }) => dataset },
      { head: "files", cell: ({ files }) => files },
    ],
    queued,
  );
}

function batchesText({ batches, unarchived, unpublishedCommits }: LedgerStatus): string {
  if (batches.length === 0) return "none yet";
  const rows = table(
    [
      { head: "dataset", cell: ({ dataset }) => dataset },
      { head: "state", cell: ({ state }) => state },
      { head: "batches", cell: ({ batches: count }) => count },
      { head: "files", cell: ({ files }) => files },
    ],
    batches,
  );
  const notes = [
    ...(unpublishedCommits > 0
      ? [`${unpublishedCommits} committed and in nobody's hands: the next run publishes them`]
      : []),
    ...(unarchived > 0 ? [`${unarchived} published whose raw files are not archived yet`] : []),
  ];
  return [rows, ...notes].join("\n");
}

function hourText({ lastHour }: LedgerStatus): string {
  const { batches, files, rows, deadLetters, inputBytes, outputBytes, takeOvers } = lastHour;
  return list([
    ["batches", batches],
    ["files", files],
    ["rows", rows],
    ["dead letters", deadLetters],
    ["read", bytes(inputBytes)],
    ["written", bytes(outputBytes)],
    ["taken over", takeOvers],
  ]);
}

function runsText({ runs }: Shown): string {
  if (runs.length === 0) return "none yet";
  return table(
    [
      { head: "of", cell: ({ of }) => of },
      { head: "run", cell: ({ id }) => id },
      { head: "state", cell: ({ state }) => state },
      { head: "started", cell: ({ startedAt }) => startedAt },
      { head: "time", cell: ({ seconds }) => duration(seconds) },
      { head: "error", cell: ({ error }) => error?.slice(0, 80) },
    ],
    runs,
  );
}
