import { GlueJob } from "@cdktf/provider-aws/lib/glue-job";
import { describe, expect, test } from "@jest/globals";
import { GlueSchedule } from "../../../constructs/glue/glue-schedule";
import { GlueWorkflow } from "../../../constructs/glue/glue-workflow";
import { resource, resourcesOf } from "../../support/resources";
import { synthesizeConstruct } from "../../support/synthesize";

const command = { scriptLocation: "s3://artifacts/job.py" };

function workflowWith(schedule?: string) {
  return synthesizeConstruct((scope) => {
    const [first, second] = ["list", "work"].map(
      (name) => new GlueJob(scope, name, { name, roleArn: "arn:role", command }),
    ) as [GlueJob, GlueJob];
    new GlueWorkflow(scope, "flow", {
      workflowName: "flow",
      description: "list, then work",
      first,
      second,
      schedule,
    });
  });
}

function scheduleOf(rateMinutes: number, enabled = true) {
  const stack = synthesizeConstruct((scope) => {
    const job = new GlueJob(scope, "work", { name: "work", roleArn: "arn:role", command });
    new GlueSchedule(scope, "schedule", { triggerName: "work", job, rateMinutes, enabled });
  });
  return resource(stack, "aws_glue_trigger");
}

describe("a workflow of two jobs", () => {
  test("runs once at a time", () => {
    expect(resource(workflowWith(), "aws_glue_workflow")).toMatchObject({
      name: "flow",
      max_concurrent_runs: 1,
    });
  });

  test.each([
    ["by the clock", "cron(0 2 * * ? *)", { type: "SCHEDULED", schedule: "cron(0 2 * * ? *)" }],
    ["on demand, and not as soon as it is deployed", undefined, { type: "ON_DEMAND", enabled: false }],
  ])("has one starting trigger: %s", (_, schedule, expected) => {
    const triggers = resourcesOf(workflowWith(schedule), "aws_glue_trigger").map(([, each]) => each);
    const starting = triggers.filter((each) => each["predicate"] === undefined);
    expect(starting).toEqual([
      expect.objectContaining({
        ...expected,
        workflow_name: expect.stringContaining("aws_glue_workflow."),
        actions: [{ job_name: expect.stringContaining("aws_glue_job.list") }],
      }),
    ]);
  });

  test("runs the second job when the first has succeeded, and only then", () => {
    expect(resource(workflowWith(), "aws_glue_trigger", "flow_second")).toMatchObject({
      type: "CONDITIONAL",
      workflow_name: expect.stringContaining("aws_glue_workflow."),
      predicate: {
        conditions: [
          {
            job_name: expect.stringContaining("aws_glue_job.list"),
            logical_operator: "EQUALS",
            state: "SUCCEEDED",
          },
        ],
      },
      actions: [{ job_name: expect.stringContaining("aws_glue_job.work") }],
    });
  });
});

describe("the schedule of a job", () => {
  test.each([
    [5, "cron(0/5 * * * ? *)"],
    [15, "cron(0/15 * * * ? *)"],
    [60, "cron(0 * * * ? *)"],
  ])("every %i minutes is %s, outside of any workflow", (rateMinutes, schedule) => {
    const trigger = scheduleOf(rateMinutes);
    expect(trigger).toMatchObject({ type: "SCHEDULED", schedule, enabled: true });
    expect(trigger).not.toHaveProperty("workflow_name");
  });

  test("stands disabled where the environment starts by hand", () => {
    expect(scheduleOf(15, false)).toMatchObject({ enabled: false });
  });
});
