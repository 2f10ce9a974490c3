import {
  BatchGetTriggersCommand,
  CreateTriggerCommand,
  type CreateTriggerCommandInput,
  CreateWorkflowCommand,
  DeleteTriggerCommand,
  DeleteWorkflowCommand,
  GetJobRunsCommand,
  GetTagsCommand,
  GetTriggerCommand,
  GetTriggersCommand,
  GetWorkflowCommand,
  GetWorkflowRunCommand,
  GetWorkflowRunPropertiesCommand,
  GetWorkflowRunsCommand,
  type JobRun,
  ListTriggersCommand,
  ListWorkflowsCommand,
  PutWorkflowRunPropertiesCommand,
  StartTriggerCommand,
  StartWorkflowRunCommand,
  StopTriggerCommand,
  StopWorkflowRunCommand,
  UpdateTriggerCommand,
  UpdateWorkflowCommand,
  type WorkflowRun,
} from "@aws-sdk/client-glue";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { eventually } from "../../support/eventually";
import {
  createJob,
  ENDLESS,
  startRun,
  startTestPlatform,
  type TestPlatform,
  tellsOf,
  waitForRun,
} from "../platform";

const NOON = new Date("2026-01-31T12:00:00Z");
const DAILY = "cron(0 12 * * ? *)";

let minute: (time: Date) => void;
let platform: TestPlatform;
beforeAll(async () => {
  const clock = {
    eachMinute: (work: (time: Date) => void) => {
      minute = work;
      return () => undefined;
    },
  };
  platform = await startTestPlatform({ clock });
});
afterAll(() => platform.stop());

const ends = (name: string, script = "print('done')", fields = {}) =>
  createJob(platform, name, script, fields);

async function trigger(
  Name: string,
  Type: "SCHEDULED" | "CONDITIONAL" | "ON_DEMAND",
  jobs: readonly string[],
  fields: Partial<CreateTriggerCommandInput> = {},
): Promise<void> {
  const isReady = Type === "ON_DEMAND" ? {} : { StartOnCreation: true };
  const Actions = jobs.map((JobName) => ({ JobName }));
  await platform.glue.send(new CreateTriggerCommand({ Name, Type, Actions, ...isReady, ...fields }));
}

function when(Logical: "AND" | "ANY", ...conditions: readonly (readonly [string, "SUCCEEDED" | "FAILED"])[]) {
  const Conditions = conditions.map(([JobName, State]) => ({
    LogicalOperator: "EQUALS" as const,
    JobName,
    State,
  }));
  return { Predicate: { Logical, Conditions } };
}

async function runsOf(JobName: string): Promise<JobRun[]> {
  return (await platform.glue.send(new GetJobRunsCommand({ JobName }))).JobRuns ?? [];
}

/** Waits until as many runs of a job have ended, and gives them. */
function endedRuns(job: string, count = 1): Promise<JobRun[]> {
  return eventually(`the end of ${count} runs of ${job}`, async () => {
    const runs = await runsOf(job);
    return runs.length >= count && runs.every(({ CompletedOn }) => CompletedOn) && runs;
  });
}

async function startWorkflow(Name: string, RunProperties = {}): Promise<string> {
  const { RunId = "" } = await platform.glue.send(new StartWorkflowRunCommand({ Name, RunProperties }));
  return RunId;
}

function workflowRun(
  Name: string,
  RunId: string,
  holds: (run: WorkflowRun) => boolean = ({ CompletedOn }) => CompletedOn !== undefined,
): Promise<WorkflowRun> {
  return eventually(`what is awaited of ${RunId}`, async () => {
    const { Run } = await platform.glue.send(new GetWorkflowRunCommand({ Name, RunId, IncludeGraph: true }));
    return Run && holds(Run) ? Run : undefined;
  });
}

describe("definitions", () => {
  const FULL: CreateTriggerCommandInput = {
    Name: "full",
    Type: "CONDITIONAL",
    Description: "every field",
    WorkflowName: "defined",
    Actions: [{ JobName: "a", Arguments: { "--x": "1" }, Timeout: 5, SecurityConfiguration: "encrypted" }],
    ...when("ANY", ["a", "SUCCEEDED"], ["b", "FAILED"]),
  };
  const WORKFLOW = {
    Name: "defined",
    Description: "a workflow",
    DefaultRunProperties: { a: "1" },
    MaxConcurrentRuns: 1,
  };

  beforeAll(async () => {
    await platform.glue.send(new CreateWorkflowCommand({ ...WORKFLOW, Tags: { owner: "data" } }));
    await platform.glue.send(new CreateTriggerCommand({ ...FULL, Tags: { owner: "data" } }));
  });

  test("keep every field that was given, and their tags", async () => {
    const { Trigger } = await platform.glue.send(new GetTriggerCommand({ Name: "full" }));
    expect(Trigger).toEqual({ ...FULL, State: "CREATED" });
    const { Workflow } = await platform.glue.send(new GetWorkflowCommand({ Name: "defined" }));
    expect(Workflow).toEqual({ ...WORKFLOW, CreatedOn: expect.any(Date), LastModifiedOn: expect.any(Date) });
    for (const resource of ["trigger/full", "workflow/defined"]) {
      const ResourceArn = `arn:aws:glue:us-east-1:000000000000:${resource}`;
      const { Tags } = await platform.glue.send(new GetTagsCommand({ ResourceArn }));
      expect(Tags).toEqual({ owner: "data" });
    }
  });

  test("are replaced whole by an update, a trigger's type, state and workflow excepted", async () => {
    await platform.glue.send(new StartTriggerCommand({ Name: "full" }));
    const { Predicate } = when("AND", ["c", "SUCCEEDED"]);
    const { Trigger } = await platform.glue.send(
      new UpdateTriggerCommand({ Name: "full", TriggerUpdate: { Actions: [{ JobName: "d" }], Predicate } }),
    );
    const { Name, Type, WorkflowName } = FULL;
    const expected = { Name, Type, WorkflowName, State: "ACTIVATED", Actions: [{ JobName: "d" }], Predicate };
    expect(Trigger).toEqual(expected);
    await platform.glue.send(new UpdateWorkflowCommand({ Name: "defined", MaxConcurrentRuns: 2 }));
    const { Workflow } = await platform.glue.send(new GetWorkflowCommand({ Name: "defined" }));
    expect(Workflow).toMatchObject({ Name: "defined", MaxConcurrentRuns: 2 });
    expect(Workflow).not.toHaveProperty("Description");
  });

  test("of triggers are switched on and off", async () => {
    await platform.glue.send(new StopTriggerCommand({ Name: "full" }));
    const { Trigger } = await platform.glue.send(new GetTriggerCommand({ Name: "full" }));
    expect(Trigger?.State).toBe("DEACTIVATED");
  });

  test("are listed, those that can start a job alone", async () => {
    await trigger("other", "CONDITIONAL", ["e"], when("AND", ["d", "FAILED"]));
    const { Triggers = [] } = await platform.glue.send(new GetTriggersCommand({ DependentJobName: "d" }));
    expect(Triggers.map(({ Name }) => Name)).toEqual(["full"]);
    const all = await platform.glue.send(new ListTriggersCommand({ DependentJobName: "nobody" }));
    expect(all.TriggerNames).toEqual(["full", "other"]);
    const names = new BatchGetTriggersCommand({ TriggerNames: ["other", "none"] });
    const { Triggers: found, TriggersNotFound } = await platform.glue.send(names);
    expect([found?.map(({ Name }) => Name), TriggersNotFound]).toEqual([["other"], ["none"]]);
    const { Workflows } = await platform.glue.send(new ListWorkflowsCommand({}));
    expect(Workflows).toEqual(["defined"]);
  });

  test.each([
    ["a second trigger of a name", { ...FULL }, "AlreadyExistsException"],
    ["a trigger of no workflow that is there", { WorkflowName: "none" }, "EntityNotFoundException"],
    ["a trigger that starts nothing", { Actions: [] }, "InvalidInputException"],
    ["a condition that is missing", { Predicate: { Conditions: [] } }, "InvalidInputException"],
    ["conditions that nothing joins", { Predicate: { Conditions: [{}, {}] } }, "InvalidInputException"],
    ["a schedule that is none", { Type: "SCHEDULED", Schedule: "daily" }, "InvalidInputException"],
    ["an event trigger", { Type: "EVENT" }, "InvalidInputException"],
    ["an on-demand trigger that starts at once", { Type: "ON_DEMAND" }, "InvalidInputException"],
  ] as const)("refuse %s", async (_, fields, name) => {
    const input = { ...FULL, Name: "wrong", StartOnCreation: true, ...fields } as CreateTriggerCommandInput;
    await expect(platform.glue.send(new CreateTriggerCommand(input))).rejects.toMatchObject({ name });
    await platform.glue.send(new DeleteTriggerCommand({ Name: "wrong" }));
  });

  test("refuse a second starting trigger of a workflow", async () => {
    const WorkflowName = "defined";
    await trigger("first", "SCHEDULED", ["a"], { WorkflowName, Schedule: DAILY });
    await expect(trigger("second", "ON_DEMAND", ["a"], { WorkflowName })).rejects.toMatchObject({
      name: "InvalidInputException",
    });
  });

  test("may be deleted, also where there is none", async () => {
    const names = ["full", "other", "first", "none", "second"];
    for (const Name of names) await platform.glue.send(new DeleteTriggerCommand({ Name }));
    for (const Name of ["defined", "none"]) await platform.glue.send(new DeleteWorkflowCommand({ Name }));
    const gone = platform.glue.send(new GetTriggerCommand({ Name: "full" }));
    await expect(gone).rejects.toMatchObject({ name: "EntityNotFoundException" });
    const workflow = platform.glue.send(new GetWorkflowCommand({ Name: "defined" }));
    await expect(workflow).rejects.toMatchObject({ name: "EntityNotFoundException" });
  });
});

describe("a scheduled trigger", () => {
  test("fires in each minute that its schedule names, while it is switched on", async () => {
    await ends("timed");
    const fields = { Schedule: DAILY, StartOnCreation: false };
    await trigger("noon", "SCHEDULED", ["timed"], fields);
    minute(NOON);
    expect(await runsOf("timed")).toHaveLength(0);
    await platform.glue.send(new StartTriggerCommand({ Name: "noon" }));
    minute(new Date("2026-01-31T12:01:00Z"));
    expect(await runsOf("timed")).toHaveLength(0);
    minute(NOON);
    const [run] = await endedRuns("timed");
    expect(run).toMatchObject({ JobRunState: "SUCCEEDED", TriggerName: "noon" });
    await platform.glue.send(new StopTriggerCommand({ Name: "noon" }));
    minute(NOON);
    expect(await runsOf("timed")).toHaveLength(1);
  });

  test("makes a failed run of a job that has as many as it may have, which StartJobRun refuses", async () => {
    await ends("busy", ENDLESS);
    await trigger("again", "SCHEDULED", ["busy"], { Schedule: DAILY });
    await ends("mended");
    await trigger("mends", "CONDITIONAL", ["mended"], when("AND", ["busy", "FAILED"]));
    const told = await tellsOf(platform, "busy");
    minute(NOON);
    minute(NOON);
    const [failed, ...others] = await runsOf("busy");
    expect(failed).toMatchObject({
      JobRunState: "FAILED",
      TriggerName: "again",
      ErrorMessage: "The job exceeded its maximum allowed concurrent runs",
      CompletedOn: expect.any(Date),
    });
    expect(others).toHaveLength(1);
    expect(await told()).toMatchObject({ jobRunId: failed?.Id, state: "FAILED" });
    expect(await endedRuns("mended")).toHaveLength(1);
    await expect(startRun(platform, "busy")).rejects.toMatchObject({
      name: "ConcurrentRunsExceededException",
    });
    expect(await runsOf("busy")).toHaveLength(2);
    for (const Name of ["again", "mends"]) await platform.glue.send(new DeleteTriggerCommand({ Name }));
  });
});

describe("a conditional trigger outside of workflows", () => {
  test("fires once all its conditions hold of runs that one firing led to", async () => {
    for (const name of ["left", "right", "joined"]) await ends(name);
    await ends("either", "print('done')", { ExecutionProperty: { MaxConcurrentRuns: 2 } });
    await trigger("fork", "ON_DEMAND", ["left", "right"]);
    await trigger(
      "join",
      "CONDITIONAL",
      ["joined"],
      when("AND", ["left", "SUCCEEDED"], ["right", "SUCCEEDED"]),
    );
    await trigger(
      "any",
      "CONDITIONAL",
      ["either"],
      when("ANY", ["left", "SUCCEEDED"], ["right", "SUCCEEDED"]),
    );
    await waitForRun(platform, "left", await startRun(platform, "left"));
    await platform.glue.send(new StartTriggerCommand({ Name: "fork" }));
    expect(await endedRuns("joined")).toHaveLength(1);
    expect(await endedRuns("either")).toHaveLength(1);
    const { Trigger } = await platform.glue.send(new GetTriggerCommand({ Name: "fork" }));
    expect(Trigger?.State).toBe("CREATED");
  });

  test("does not fire for a run that no trigger started, nor while it is switched off", async () => {
    for (const name of ["alone", "after", "never"]) await ends(name);
    await trigger("starts", "ON_DEMAND", ["alone"]);
    await trigger("follows", "CONDITIONAL", ["after"], when("AND", ["alone", "SUCCEEDED"]));
    const off = { ...when("AND", ["alone", "SUCCEEDED"]), StartOnCreation: false };
    await trigger("is-off", "CONDITIONAL", ["never"], off);
    await waitForRun(platform, "alone", await startRun(platform, "alone"));
    await platform.glue.send(new StartTriggerCommand({ Name: "starts" }));
    await endedRuns("after");
    expect([await runsOf("after"), await runsOf("never")].map(({ length }) => length)).toEqual([1, 0]);
  });

  test("fires after the last attempt of a run that failed, once, whichever of its conditions holds", async () => {
    await ends("fails", "raise SystemExit(1)", { MaxRetries: 1 });
    await ends("repair");
    await trigger("tries", "ON_DEMAND", ["fails"]);
    await trigger(
      "mend",
      "CONDITIONAL",
      ["repair"],
      when("ANY", ["fails", "FAILED"], ["fails", "SUCCEEDED"]),
    );
    await platform.glue.send(new StartTriggerCommand({ Name: "tries" }));
    await endedRuns("repair");
    expect(await runsOf("fails")).toHaveLength(2);
    expect(await runsOf("repair")).toHaveLength(1);
  });
});

describe("a workflow", () => {
  const WorkflowName = "nightly";
  const SHOW = "import sys; print(sys.argv[1:])";

  beforeAll(async () => {
    await ends("list", SHOW, { DefaultArguments: { "--own": "1" } });
    await ends("transform", SHOW);
    await ends("outside");
    const DefaultRunProperties = { kept: "default", changed: "default" };
    const workflow = { Name: WorkflowName, MaxConcurrentRuns: 1, DefaultRunProperties };
    await platform.glue.send(new CreateWorkflowCommand(workflow));
    await trigger("start", "SCHEDULED", ["list"], { WorkflowName, Schedule: DAILY, StartOnCreation: false });
    await trigger("then", "CONDITIONAL", ["transform"], {
      WorkflowName,
      ...when("AND", ["list", "SUCCEEDED"]),
    });
    await trigger("beside", "CONDITIONAL", ["outside"], when("AND", ["list", "SUCCEEDED"]));
  });

  test("runs its jobs one after the other, each with the run's name and id", async () => {
    const id = await startWorkflow(WorkflowName, { changed: "run" });
    expect(id).toMatch(/^wr_[0-9a-f]{64}$/);
    const run = await workflowRun(WorkflowName, id);
    expect(run).toMatchObject({
      Name: WorkflowName,
      WorkflowRunId: id,
      Status: "COMPLETED",
      WorkflowRunProperties: { kept: "default", changed: "run" },
      Statistics: { TotalActions: 2, SucceededActions: 2, FailedActions: 0, RunningActions: 0 },
    });
    const [list, transform] = ["list", "transform"].map((name) =>
      run.Graph?.Nodes?.find((node) => node.Name === name)?.JobDetails?.JobRuns?.at(0),
    );
    const given = { "--WORKFLOW_NAME": WorkflowName, "--WORKFLOW_RUN_ID": id };
    expect(list).toMatchObject({ TriggerName: "start", Arguments: { "--own": "1", ...given } });
    expect(transform).toMatchObject({ TriggerName: "then", Arguments: given });
    expect(Number(transform?.StartedOn)).toBeGreaterThanOrEqual(Number(list?.CompletedOn));
    const { Workflow } = await platform.glue.send(new GetWorkflowCommand({ Name: WorkflowName }));
    expect(Workflow?.LastRun?.WorkflowRunId).toBe(id);
  });

  test("fires only its own triggers, and those only for runs of its own", async () => {
    const before = (await runsOf("transform")).length;
    await waitForRun(platform, "list", await startRun(platform, "list"));
    await workflowRun(WorkflowName, await startWorkflow(WorkflowName));
    expect(await runsOf("transform")).toHaveLength(before + 1);
    expect(await runsOf("outside")).toEqual([]);
  });

  test("starts at its time, with its properties, which its jobs may change", async () => {
    await platform.glue.send(new StartTriggerCommand({ Name: "start" }));
    minute(NOON);
    await platform.glue.send(new StopTriggerCommand({ Name: "start" }));
    const { Runs = [] } = await platform.glue.send(new GetWorkflowRunsCommand({ Name: WorkflowName }));
    const names = { Name: WorkflowName, RunId: Runs[0]?.WorkflowRunId };
    expect(Runs[0]?.PreviousRunId).toBe(Runs[1]?.WorkflowRunId);
    const change = new PutWorkflowRunPropertiesCommand({ ...names, RunProperties: { changed: "job" } });
    await platform.glue.send(change);
    const { RunProperties } = await platform.glue.send(new GetWorkflowRunPropertiesCommand(names));
    expect(RunProperties).toEqual({ kept: "default", changed: "job" });
    await workflowRun(WorkflowName, names.RunId ?? "");
  });

  test("has no more runs at once than it may have, and can be stopped", async () => {
    await ends("endless", ENDLESS);
    await platform.glue.send(new CreateWorkflowCommand({ Name: "one", MaxConcurrentRuns: 1 }));
    const fields = { WorkflowName: "one", Schedule: DAILY };
    await trigger("one-start", "SCHEDULED", ["endless"], fields);
    const after = { WorkflowName: "one", ...when("ANY", ["endless", "FAILED"]) };
    await trigger("one-then", "CONDITIONAL", ["transform"], after);
    const id = await startWorkflow("one");
    const exceeded = { name: "ConcurrentRunsExceededException" };
    await expect(startWorkflow("one")).rejects.toMatchObject(exceeded);
    minute(NOON);
    const { Runs = [] } = await platform.glue.send(new GetWorkflowRunsCommand({ Name: "one" }));
    expect(Runs.map(({ Status }) => Status)).toEqual(["ERROR", "RUNNING"]);
    expect(Runs[0]?.ErrorMessage).toBe("Concurrent runs exceeded for workflow: one.");
    expect(await runsOf("endless")).toHaveLength(1);
    await platform.glue.send(new StopWorkflowRunCommand({ Name: "one", RunId: id }));
    const stopped = await workflowRun("one", id);
    expect(stopped).toMatchObject({ Status: "STOPPED", Statistics: { StoppedActions: 1 } });
    const again = new StopWorkflowRunCommand({ Name: "one", RunId: id });
    await expect(platform.glue.send(again)).rejects.toMatchObject({ name: "IllegalWorkflowStateException" });
  });

  test("ends well where a job fails for its own limit, and tells so", async () => {
    await ends("occupied", ENDLESS);
    await startRun(platform, "occupied");
    await platform.glue.send(new CreateWorkflowCommand({ Name: "refused" }));
    await trigger("refused-start", "ON_DEMAND", ["occupied"], { WorkflowName: "refused" });
    await platform.glue.send(new StartTriggerCommand({ Name: "refused-start" }));
    const { Runs = [] } = await platform.glue.send(new GetWorkflowRunsCommand({ Name: "refused" }));
    expect(Runs).toMatchObject([{ Status: "COMPLETED", Statistics: { FailedActions: 1 } }]);
    expect(platform.warnings).toEqual([]);
  });

  test("without a starting trigger cannot be started", async () => {
    await platform.glue.send(new CreateWorkflowCommand({ Name: "empty" }));
    await expect(startWorkflow("empty")).rejects.toMatchObject({ name: "InvalidInputException" });
  });
});
