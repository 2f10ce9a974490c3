import type { JobStore } from "./job-store";
import type { JsonObject } from "./protocol";
import type { RunScheduler } from "./run-scheduler";
import type { TriggerScheduler } from "./trigger-scheduler";
import type { TriggerStore } from "./trigger-store";
import type { WorkflowRuns } from "./workflow-runs";
import type { WorkflowStore } from "./workflow-store";

/**
 * Operation of Glue's API.
 *
 * @throws GlueError
 */
export type Operation = (request: JsonObject) => JsonObject;

export function jobOperations(jobs: JobStore, runs: RunScheduler): ReadonlyMap<string, Operation> {
  return new Map<string, Operation>([
    ["CreateJob", (request) => jobs.create(request)],
    ["UpdateJob", (request) => jobs.update(request)],
    ["GetJob", (request) => jobs.get(request)],
    ["GetJobs", (request) => jobs.getAll(request)],
    ["ListJobs", (request) => jobs.list(request)],
    ["DeleteJob", (request) => jobs.delete(request)],
    ["TagResource", (request) => jobs.tag(request)],
    ["UntagResource", (request) => jobs.untag(request)],
    ["GetTags", (request) => jobs.getTags(request)],
    ["StartJobRun", (request) => runs.start(request)],
    ["GetJobRun", (request) => runs.get(request)],
    ["GetJobRuns", (request) => runs.getAll(request)],
    ["BatchStopJobRun", (request) => runs.batchStop(request)],
  ]);
}

export function triggerOperations(
  triggers: TriggerStore,
  scheduler: TriggerScheduler,
): ReadonlyMap<string, Operation> {
  return new Map<string, Operation>([
    ["CreateTrigger", (request) => triggers.create(request)],
    ["UpdateTrigger", (request) => triggers.update(request)],
    ["GetTrigger", (request) => triggers.get(request)],
    ["GetTriggers", (request) => triggers.getAll(request)],
    ["ListTriggers", (request) => triggers.list(request)],
    ["BatchGetTriggers", (request) => triggers.batchGet(request)],
    ["DeleteTrigger", (request) => triggers.delete(request)],
    ["StartTrigger", (request) => scheduler.startTrigger(request)],
    ["StopTrigger", (request) => scheduler.stopTrigger(request)],
  ]);
}

export function workflowOperations(
  workflows: WorkflowStore,
  runs: WorkflowRuns,
  scheduler: TriggerScheduler,
): ReadonlyMap<string, Operation> {
  return new Map<string, Operation>([
    ["CreateWorkflow", (request) => workflows.create(request)],
    ["UpdateWorkflow", (request) => workflows.update(request)],
    ["GetWorkflow", (request) => runs.getWorkflow(request)],
    ["BatchGetWorkflows", (request) => runs.batchGetWorkflows(request)],
    ["ListWorkflows", (request) => workflows.list(request)],
    ["DeleteWorkflow", (request) => workflows.delete(request)],
    ["StartWorkflowRun", (request) => scheduler.startWorkflowRun(request)],
    ["StopWorkflowRun", (request) => scheduler.stopWorkflowRun(request)],
    ["GetWorkflowRun", (request) => runs.get(request)],
    ["GetWorkflowRuns", (request) => runs.getAll(request)],
    ["GetWorkflowRunProperties", (request) => runs.getProperties(request)],
    ["PutWorkflowRunProperties", (request) => runs.putProperties(request)],
  ]);
}
