import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { GlueClient } from "@aws-sdk/client-glue";
import { describe, expect, test } from "@jest/globals";
import { startWhereDue } from "../../../../handlers/control-plane/job/start-run";
import type { ControlPlane } from "../../../../handlers/control-plane/plane";
import { STREAMING_END_STATES } from "../../../../runtime/glue-states";
import { awsError, clientDouble, clockDouble } from "../../support/doubles";
import { keepLogs } from "../../support/logs";

/** A plane whose job's newest run ended so two hours ago, an hour after it began. */
function planeAfter(JobRunState: string, start: () => unknown, more: object = {}) {
  const control = clientDouble<DynamoDBClient>({ GetItemCommand: () => ({}) });
  const newest = {
    Id: "jr_1",
    JobName: "manifests-stream",
    JobRunState,
    StartedOn: new Date("2026-01-31T09:00:00Z"),
    CompletedOn: new Date("2026-01-31T10:00:00Z"),
    ExecutionTime: 3_600,
    ...more,
  };
  const glue = clientDouble<GlueClient>({
    GetJobRunsCommand: () => ({ JobRuns: [newest] }),
    StartJobRunCommand: start,
  });
  const plane = {
    control: { client: control.client, name: "control" },
    clock: clockDouble(),
    job: { client: glue.client, name: "manifests-stream", workers: 2 },
  } as unknown as ControlPlane;
  return { plane, starts: () => glue.sent.filter(({ name }) => name === "StartJobRunCommand") };
}

describe("the streaming job", () => {
  keepLogs();

  test.each(STREAMING_END_STATES)("is started again after a run that ended %s", async (state) => {
    const { plane, starts } = planeAfter(state, () => ({ JobRunId: "jr_2" }));
    await startWhereDue(plane);
    expect(starts()).toHaveLength(1);
  });

  test.each([
    "ConcurrentRunsExceededException",
    "ThrottlingException",
    "ResourceNumberLimitExceededException",
  ])("is left to the next tick where Glue refuses a start by %s", async (refusal) => {
    const { plane, starts } = planeAfter("TIMEOUT", () => awsError(refusal));
    await expect(startWhereDue(plane)).resolves.toBeUndefined();
    expect(starts()).toHaveLength(1);
  });

  test("is started by the next tick where the right to start it had not arrived, and fails this one, which Lambda repeats", async () => {
    const answers = [() => awsError("AccessDeniedException"), () => ({ JobRunId: "jr_2" })];
    const { plane, starts } = planeAfter("TIMEOUT", () => answers.shift()?.());
    await expect(startWhereDue(plane)).rejects.toMatchObject({ name: "AccessDeniedException" });
    await expect(startWhereDue(plane)).resolves.toBeUndefined();
    expect(starts()).toHaveLength(2);
  });

  test.each([
    ["before the minute is over", 30_000, 0],
    ["after it", 60_000, 1],
  ])(
    "of a first deploy, for which Glue had no role yet, is started again, %s: %s ms",
    async (_, ms, count) => {
      const { plane, starts } = planeAfter("FAILED", () => ({ JobRunId: "jr_2" }), {
        ErrorMessage: "Role arn:aws:iam::1:role/r should be given assume role permissions for Glue Service.",
        CompletedOn: new Date(clockDouble().now().getTime() - ms),
        ExecutionTime: 0,
      });
      await startWhereDue(plane);
      expect(starts()).toHaveLength(count);
    },
  );
});
