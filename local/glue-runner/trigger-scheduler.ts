import { Chain, firstAttemptOf } from "./chain";
import { GlueError, type JsonObject } from "./protocol";
import type { JobRun } from "./run";
import type { RunObserver, RunScheduler } from "./run-scheduler";
import { scheduleOf, type Trigger, type TriggerStore } from "./trigger-store";
import type { WorkflowRuns } from "./workflow-runs";
import type { Workflow, WorkflowStore } from "./workflow-store";

/**
 * Fires triggers by Glue's rules: the final state of a trigger's run fires conditional ones, those of the
 * same workflow run where it belongs to one, else those of no workflow. A run that no trigger started fires
 * none. See https://docs.aws.amazon.com/glue/latest/dg/about-triggers.html and
 * blueprint_workflow_restrictions.html there.
 */
export class TriggerScheduler implements RunObserver {
  /** Chains by the id of a run's first attempt. */
  private readonly chains = new Map<string, Chain>();

  constructor(
    private readonly triggers: TriggerStore,
    private readonly workflows: WorkflowStore,
    private readonly workflowRuns: WorkflowRuns,
    private readonly runs: RunScheduler,
    private readonly warn: (message: string) => void,
  ) {}

  /** Switches a trigger on; fires one that is on demand. */
  startTrigger(request: JsonObject): JsonObject {
    const trigger = this.triggers.find(request["Name"]);
    if (trigger.Type === "ON_DEMAND") this.fireStarting(trigger);
    this.triggers.activate(trigger, true);
    return { Name: trigger.Name };
  }

  stopTrigger(request: JsonObject): JsonObject {
    const trigger = this.triggers.find(request["Name"]);
    this.triggers.activate(trigger, false);
    return { Name: trigger.Name };
  }

  /** Starts a workflow whatever its starting trigger waits for, and whether or not that is switched on. */
  startWorkflowRun(request: JsonObject): JsonObject {
    const workflow = this.workflows.find(request["Name"]);
    return { RunId: this.beginWorkflow(workflow, request["RunProperties"] as JsonObject | undefined) };
  }

  stopWorkflowRun(request: JsonObject): JsonObject {
    for (const run of this.workflowRuns.stopping(request)) this.runs.stop(run);
    return {};
  }

  /** Fires the scheduled triggers of the minute that `time` lies in. */
  tick(time: Date): void {
    for (const trigger of this.triggers.all()) {
      if (trigger.State !== "ACTIVATED" || !scheduleOf(trigger)?.(time)) continue;
      try {
        this.fireStarting(trigger);
      } catch (error) {
        const { WorkflowName: name } = trigger;
        if (name === undefined || (error as Error).name !== "ConcurrentRunsExceededException") {
          this.noteRefusal(trigger, error as Error);
        } else {
          this.workflowRuns.refuse(this.workflows.find(name), new Chain(name));
        }
      }
    }
  }

  began(run: JobRun): void {
    this.chains.get(firstAttemptOf(run))?.add(run);
  }

  completed(run: JobRun): void {
    const chain = this.chains.get(firstAttemptOf(run));
    if (chain === undefined) return;
    const isStopping = this.workflowRuns.runOf(chain)?.Status === "STOPPING";
    for (const trigger of isStopping ? [] : this.triggers.of(chain.workflow)) {
      if (trigger.Type === "CONDITIONAL" && chain.takes(trigger, run)) this.fire(trigger, chain);
    }
    this.endIfOver(chain);
  }

  private fireStarting(trigger: Trigger): void {
    if (trigger.WorkflowName !== undefined) {
      this.beginWorkflow(this.workflows.find(trigger.WorkflowName));
      return;
    }
    const chain = new Chain();
    this.fire(trigger, chain);
    this.endIfOver(chain);
  }

  private beginWorkflow(workflow: Workflow, given: JsonObject = {}): string {
    const trigger = this.triggers.starting(workflow.Name);
    if (trigger === undefined) {
      throw new GlueError("InvalidInputException", `Workflow ${workflow.Name} has no starting trigger.`);
    }
    const chain = new Chain(workflow.Name);
    const WorkflowRunProperties = { ...workflow.DefaultRunProperties, ...given };
    const run = this.workflowRuns.begin(workflow, chain, { WorkflowRunProperties });
    this.fire(trigger, chain);
    this.endIfOver(chain);
    return run.WorkflowRunId;
  }

  private fire(trigger: Trigger, chain: Chain): void {
    const workflowRun = this.workflowRuns.runOf(chain);
    const ofWorkflow = workflowRun
      ? { "--WORKFLOW_NAME": workflowRun.Name, "--WORKFLOW_RUN_ID": workflowRun.WorkflowRunId }
      : {};
    for (const action of trigger.Actions) {
      const Arguments = { ...action.Arguments, ...ofWorkflow };
      try {
        const run = this.runs.beginByTrigger({ ...action, Arguments, TriggerName: trigger.Name });
        this.chains.set(firstAttemptOf(run), chain);
        chain.add(run);
      } catch (error) {
        chain.errored += 1;
        this.noteRefusal(trigger, error as Error);
      }
    }
  }

  private endIfOver(chain: Chain): void {
    if (!chain.isOver) return;
    this.workflowRuns.complete(chain);
    for (const run of chain.runs) this.chains.delete(firstAttemptOf(run));
  }

  private noteRefusal(trigger: Trigger, error: Error): void {
    if (!(error instanceof GlueError)) throw error;
    this.warn(`trigger ${trigger.Name}: ${error.message}`);
  }
}
