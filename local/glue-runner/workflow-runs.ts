import { randomBytes } from "node:crypto";
import type { Chain } from "./chain";
import { GlueError, type JsonObject, now, page } from "./protocol";
import { hasEnded, type JobRun } from "./run";
import type { TriggerStore } from "./trigger-store";
import { graphOf } from "./workflow-graph";
import type { Workflow, WorkflowStore } from "./workflow-store";

/** One run of a workflow, with the names that Glue's API gives its fields. Times are seconds since 1970. */
export interface WorkflowRun extends JsonObject {
  readonly Name: string;
  readonly WorkflowRunId: string;
  readonly PreviousRunId?: string;
  readonly StartedOn: number;
  WorkflowRunProperties: Readonly<Record<string, string>>;
  Status: "RUNNING" | "COMPLETED" | "STOPPING" | "STOPPED" | "ERROR";
  CompletedOn?: number;
  ErrorMessage?: string;
}

/** Run with everything that it started. */
interface Entry {
  readonly run: WorkflowRun;
  readonly chain: Chain;
}

/** The runs of workflows, in memory. */
export class WorkflowRuns {
  /** Runs by workflow, newest first. */
  private readonly entries = new Map<string, Entry[]>();

  constructor(
    private readonly workflows: WorkflowStore,
    private readonly triggers: TriggerStore,
  ) {}

  /**
   * Begins a run.
   *
   * @throws GlueError ConcurrentRunsExceededException where the workflow has as many runs as it may have
   */
  begin(workflow: Workflow, chain: Chain, properties: JsonObject = {}): WorkflowRun {
    const limit = workflow.MaxConcurrentRuns || Number.POSITIVE_INFINITY;
    if (this.of(workflow.Name).filter(({ run }) => isUnderWay(run)).length >= limit) {
      throw new GlueError("ConcurrentRunsExceededException", exceeded(workflow));
    }
    return this.add(workflow, chain, { Status: "RUNNING", ...properties });
  }

  /** Records a run that its schedule could not start, as Glue does. */
  refuse(workflow: Workflow, chain: Chain): void {
    this.add(workflow, chain, { Status: "ERROR", CompletedOn: now(), ErrorMessage: exceeded(workflow) });
  }

  /** Ends the run of a chain that is over. */
  complete(chain: Chain): void {
    const run = this.runOf(chain);
    if (run === undefined || !isUnderWay(run)) return;
    run.Status = run.Status === "STOPPING" ? "STOPPED" : "COMPLETED";
    run.CompletedOn = now();
  }

  /** The run that a chain belongs to, if it is one of a workflow. */
  runOf(chain: Chain): WorkflowRun | undefined {
    return this.of(chain.workflow ?? "").find((entry) => entry.chain === chain)?.run;
  }

  /**
   * Marks a run as stopping.
   *
   * @returns the runs that it started and that have not ended
   */
  stopping(request: JsonObject): JobRun[] {
    const { run, chain } = this.find(request);
    if (run.Status !== "RUNNING") {
      throw new GlueError(
        "IllegalWorkflowStateException",
        `Workflow run ${run.WorkflowRunId} is ${run.Status}.`,
      );
    }
    run.Status = "STOPPING";
    return chain.runs.filter((each) => !hasEnded(each));
  }

  get(request: JsonObject): JsonObject {
    return { Run: this.described(this.find(request), request) };
  }

  getAll(request: JsonObject): JsonObject {
    const { Name } = this.workflows.find(request["Name"]);
    const { items, next } = page(this.of(Name), request);
    return { Runs: items.map((entry) => this.described(entry, request)), ...next };
  }

  getProperties(request: JsonObject): JsonObject {
    return { RunProperties: this.find(request).run.WorkflowRunProperties };
  }

  putProperties(request: JsonObject): JsonObject {
    const { run } = this.find(request);
    run.WorkflowRunProperties = { ...run.WorkflowRunProperties, ...(request["RunProperties"] as object) };
    return {};
  }

  getWorkflow(request: JsonObject): JsonObject {
    return { Workflow: this.describedWorkflow(this.workflows.find(request["Name"]), request) };
  }

  batchGetWorkflows(request: JsonObject): JsonObject {
    const Workflows: JsonObject[] = [];
    const MissingWorkflows: string[] = [];
    for (const name of request["Names"] as string[]) {
      if (this.workflows.has(name))
        Workflows.push(this.describedWorkflow(this.workflows.find(name), request));
      else MissingWorkflows.push(name);
    }
    return { Workflows, MissingWorkflows };
  }

  private of(workflow: string): Entry[] {
    return this.entries.get(workflow) ?? [];
  }

  private find(request: JsonObject): Entry {
    const { Name } = this.workflows.find(request["Name"]);
    const entry = this.of(Name).find(({ run }) => run.WorkflowRunId === request["RunId"]);
    if (!entry) {
      throw new GlueError("EntityNotFoundException", `Workflow run ${String(request["RunId"])} not found.`);
    }
    return entry;
  }

  private add(
    workflow: Workflow,
    chain: Chain,
    fields: Pick<WorkflowRun, "Status"> & JsonObject,
  ): WorkflowRun {
    const earlier = this.of(workflow.Name);
    const run: WorkflowRun = {
      Name: workflow.Name,
      WorkflowRunId: `wr_${randomBytes(32).toString("hex")}`,
      ...(earlier[0] ? { PreviousRunId: earlier[0].run.WorkflowRunId } : {}),
      WorkflowRunProperties: { ...workflow.DefaultRunProperties },
      StartedOn: now(),
      ...fields,
    };
    this.entries.set(workflow.Name, [{ run, chain }, ...earlier]);
    return run;
  }

  private described({ run, chain }: Entry, request: JsonObject): JsonObject {
    const graph = request["IncludeGraph"] ? { Graph: graphOf(this.triggers.of(run.Name), chain.runs) } : {};
    return { ...run, Statistics: this.statistics(run.Name, chain), ...graph };
  }

  private describedWorkflow(workflow: Workflow, request: JsonObject): JsonObject {
    const [last] = this.of(workflow.Name);
    return {
      ...workflow,
      ...(last ? { LastRun: this.described(last, request) } : {}),
      ...(request["IncludeGraph"] ? { Graph: graphOf(this.triggers.of(workflow.Name), []) } : {}),
    };
  }

  private statistics(workflow: string, chain: Chain): JsonObject {
    const ended = (state: string) => chain.runs.filter((run) => run.JobRunState === state).length;
    return {
      TotalActions: this.triggers.of(workflow).flatMap(({ Actions }) => Actions).length,
      RunningActions: chain.runs.filter((run) => !hasEnded(run)).length,
      SucceededActions: ended("SUCCEEDED"),
      FailedActions: ended("FAILED"),
      StoppedActions: ended("STOPPED"),
      TimeoutActions: ended("TIMEOUT"),
      ErroredActions: chain.errored,
      WaitingActions: 0,
    };
  }
}

function isUnderWay({ Status }: WorkflowRun): boolean {
  return Status === "RUNNING" || Status === "STOPPING";
}

function exceeded({ Name }: Workflow): string {
  return `Concurrent runs exceeded for workflow: ${Name}.`;
}
