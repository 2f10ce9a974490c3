import type { Dataset } from "../../../datasets/schema/datasets";
import { PIPELINES, type Pipeline } from "../../../environments/schema";
import { explained, wordsOf } from "../command/errors";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { duration, indented, list, table } from "../command/tables";
import { ledgerState } from "../ledger/state";
import { type QueueState, readQueues } from "../manifests/queues";
import { manifestsState } from "../manifests/state";
import { uploadsState } from "../uploads/state";
import { knownDatasets } from "./meant";
import { type Narrowed, wantedPipelines } from "./narrowed";
import type { Count, PipelineState, Read } from "./state";

export type StatusOptions = Narrowed;

/** Output of `status --json`. */
export interface Status {
  readonly environment: string;
  readonly at: string;
  readonly pipelines: readonly Read[];
  readonly queues: readonly QueueState[];
}

const STATES: Readonly<Record<Pipeline, (operator: Operator, dataset?: Dataset) => Promise<PipelineState>>> =
  {
    uploads: uploadsState,
    manifests: manifestsState,
    ledger: ledgerState,
  };

/**
 * Shows in one view what waits in each pipeline and what is in its way. One that cannot be read is said to be so, and
 * hides no other; so are the queues.
 */
export async function status(operator: Operator, options: StatusOptions): Promise<ExitCode> {
  const { environment, terminal, now } = operator;
  const on = wantedPipelines(environment, options);
  const dataset = knownDatasets().find(({ name }) => name === options.dataset);
  const [queues, pipelines] = await Promise.all([
    readQueues(operator, dataset?.pipeline ?? options.pipeline).catch((error) => why(operator, error)),
    Promise.all(on.map((each) => read(operator, each, dataset))),
  ]);
  const shown: Status = {
    environment: environment.name,
    at: now.toISOString(),
    pipelines,
    queues: typeof queues === "string" ? [] : queues,
  };
  const off = PIPELINES.filter((each) => !environment.pipelines.includes(each));
  terminal.show(shown, textOf(shown, off));
  const errors = pipelines.flatMap((each) => ("error" in each ? [`${each.pipeline}: ${each.error}`] : []));
  if (typeof queues === "string") errors.push(`queues: ${queues}`);
  for (const error of errors) terminal.warn(error);
  return errors.length > 0 ? EXIT.failed : EXIT.ok;
}

function why({ environment }: Operator, error: unknown): string {
  return wordsOf(explained(error, environment));
}

async function read(operator: Operator, pipeline: Pipeline, dataset: Dataset | undefined): Promise<Read> {
  try {
    return { pipeline, ...(await STATES[pipeline](operator, dataset)) };
  } catch (error) {
    return { pipeline, error: why(operator, error) };
  }
}

function textOf({ environment, at, pipelines, queues }: Status, off: readonly Pipeline[]): string {
  const section = (title: string, text: string) => `${title}\n${indented(text)}`;
  return [
    `${environment} at ${at}`,
    section("files", filesText(pipelines)),
    ...(off.length > 0 ? [list([["off here", off.join(", ")]])] : []),
    ...(queues.length > 0 ? [section("queues", queuesText(queues))] : []),
    `more: ${pipelines.map(({ pipeline }) => MORE[pipeline]).join(", ")}`,
  ].join("\n\n");
}

const MORE: Readonly<Record<Pipeline, string>> = {
  uploads: "tributary logs uploads-job",
  manifests: "tributary manifests status",
  ledger: "tributary ledger status",
};

function filesText(pipelines: readonly Read[]): string {
  const count = (found: Count | undefined) =>
    found && `${found.files.toLocaleString("en-US")}${found.atLeast ? " or more" : ""}`;
  return table<{ pipeline: Pipeline } & Partial<PipelineState>>(
    [
      { head: "pipeline", cell: ({ pipeline }) => pipeline },
      { head: "waiting", cell: ({ waiting }) => count(waiting) },
      { head: "for", cell: ({ oldestSeconds }) => oldestSeconds && duration(oldestSeconds) },
      { head: "in work", cell: ({ inWork }) => count(inWork) },
      { head: "failed", cell: ({ failed }) => count(failed) },
      { head: "quarantined", cell: ({ quarantined }) => count(quarantined) },
      { head: "newest run", cell: ({ run }) => run?.state },
      { head: "started", cell: ({ run }) => run?.startedAt },
      { head: "error", cell: ({ run }) => run?.error?.slice(0, 80) },
    ],
    pipelines,
  );
}

function queuesText(queues: readonly QueueState[]): string {
  return table(
    [
      { head: "queue", cell: ({ queue }) => queue },
      { head: "waiting", cell: ({ waiting }) => waiting },
      { head: "in work", cell: ({ inWork }) => inWork },
      { head: "oldest", cell: ({ oldestSeconds }) => oldestSeconds && duration(oldestSeconds) },
    ],
    queues,
  );
}
