import { GlueJob } from "@cdktf/provider-aws/lib/glue-job";
import { describe, expect, test } from "@jest/globals";
import { GlueWorkflow } from "../../../constructs/glue/glue-workflow";
import { resource, resourcesOf } from "../../support/resources";
import { synthesizeConstruct } from "../../support/synthesize";

const command = { scriptLocation: "s3://artifacts/job.py" };

function workflowWith(schedule?: string) {
  return synthesizeConstruct((scope) => {
    const job = new GlueJob(scope, "list", { name: "list", roleArn: "arn:role", command });
    new GlueWorkflow(scope, "flow", { workflowName: "flow", description: "list", job, schedule });
  });
}

describe("a workflow of a job", () => {
  test("runs once at a time", () => {
    expect(resource(workflowWith(), "aws_glue_workflow")).toMatchObject({
      name: "flow",
      max_concurrent_runs: 1,
    });
  });

  test.each([
    ["by the clock", "cron(0 2 * * ? *)", { type: "SCHEDULED", schedule: "cron(0 2 * * ? *)" }],
    ["on demand, and not as soon as it is deployed", undefined, { type: "ON_DEMAND", enabled: false }],
  ])("has one trigger, which starts it: %s", (_, schedule, expected) => {
    const triggers = resourcesOf(workflowWith(schedule), "aws_glue_trigger").map(([, each]) => each);
    expect(triggers).toEqual([
      expect.objectContaining({
        ...expected,
        workflow_name: expect.stringContaining("aws_glue_workflow."),
        actions: [{ job_name: expect.stringContaining("aws_glue_job.list") }],
      }),
    ]);
  });
});
