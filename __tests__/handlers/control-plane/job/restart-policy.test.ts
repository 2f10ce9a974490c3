import { describe, expect, test } from "@jest/globals";
import { answerEnd, isDue } from "../../../../handlers/control-plane/job/restart-policy";
import { type Run, runOf } from "../../../../handlers/control-plane/job/run";
import { alertOfEnd, nextStep } from "../../../../handlers/control-plane/job/run-failure";
import { daysOf } from "../../../../handlers/control-plane/job/run-rows";
import { STREAMING_END_STATES } from "../../../../runtime/glue-states";
import type { StreamingJob } from "../../../../runtime/manifests/control";

const at = (time: string) => new Date(`2026-01-31T${time}Z`);

const run = (more: Partial<Run> = {}): Run => ({
  id: "jr_1",
  jobName: "manifests-stream",
  state: "FAILED",
  startedAt: at("12:00:00"),
  endedAt: at("12:01:00"),
  seconds: 60,
  ...more,
});

const job = (more: Partial<StreamingJob> = {}): StreamingJob => ({
  desired: "running",
  failures: 0,
  ...more,
});

describe("the end of a run of the streaming job", () => {
  test.each([
    [0, 1],
    [1, 2],
    [2, 4],
    [3, 8],
    [5, 32],
    [6, 60],
    [40, 60],
  ])("after %i ends in a row makes the next one wait %i minutes", (failures, minutes) => {
    const answer = answerEnd(job({ failures }), run(), at("12:01:00"));
    expect(answer.failures).toBe(failures + 1);
    expect(answer.nextStartAt).toEqual(new Date(at("12:01:00").getTime() + minutes * 60_000));
  });

  test.each<[string, Partial<StreamingJob>, Partial<Run>]>([
    ["when it was to stop", { desired: "stopped" }, { state: "SUCCEEDED" }],
    ["when a restart was asked for", { restartRequestedAt: at("12:00:30") }, { state: "SUCCEEDED" }],
    ["when Glue ended it in its maintenance window", {}, { state: "EXPIRED" }],
    ["when Glue ended it at its time limit", {}, { state: "TIMEOUT", seconds: 604_740 }],
  ])("waits for nothing and forgets failures %s", (_, wanted, ended) => {
    const answer = answerEnd(job({ failures: 5, ...wanted }), run(ended), at("12:01:00"));
    expect(answer).toEqual({ failures: 0, nextStartAt: undefined, failed: false, alert: false });
  });

  test.each<[string, Partial<StreamingJob>, Partial<Run>, number]>([
    ["that lasted half an hour counts as the first", {}, { seconds: 1_800 }, 1],
    ["that committed a manifest counts as the first", { committedRunId: "jr_1" }, {}, 1],
    ["before which another committed one counts on", { committedRunId: "jr_0" }, { seconds: 1_799 }, 6],
    [
      "that began after the restart that was asked for counts on",
      { restartRequestedAt: at("11:59:00") },
      {},
      6,
    ],
  ])("%s", (_, wanted, ended, failures) => {
    expect(answerEnd(job({ failures: 5, ...wanted }), run(ended), at("12:01:00")).failures).toBe(failures);
  });

  test.each([
    ["FAILED", 0, true],
    ["ERROR", 0, true],
    ["TIMEOUT", 0, true],
    ["SUCCEEDED", 0, false],
    ["STOPPED", 1, false],
    ["SUCCEEDED", 2, true],
  ])("is reported when %s after %i others: %s", (state, failures, alert) => {
    expect(answerEnd(job({ failures }), run({ state }), at("12:01:00")).alert).toBe(alert);
  });

  test.each([
    ["is asked for again and no failure", 0, false],
    ["is that once more", 1, false],
    ["is a failure from the third in a row", 2, true],
  ])("for which Glue had no role yet, as after a first deploy, %s", (_, failures, failed) => {
    // as in https://github.com/aws-solutions-library-samples/data-lakes-on-aws/issues/312
    const error =
      "JobName:manifests-stream and JobRunId:jr_1 failed to execute with exception Role arn:aws:iam::123456789012:role/manifests-stream should be given assume role permissions for Glue Service.";
    const answer = answerEnd(job({ failures }), run({ error, seconds: 0 }), at("12:01:00"));
    expect(answer).toMatchObject({ failures: failures + 1, failed, alert: failed });
    expect(answer.nextStartAt).toEqual(new Date(at("12:01:00").getTime() + 2 ** failures * 60_000));
  });

  test.each(
    STREAMING_END_STATES.flatMap((state) => [
      [state, 60],
      [state, 604_740],
    ]),
  )("is followed by another run when %s after %i s, within the hour", (state, seconds) => {
    const ended = run({ state: String(state), seconds: Number(seconds) });
    const { nextStartAt, failures } = answerEnd(job({ failures: 40 }), ended, at("12:01:00"));
    const answered = job({ failures, ...(nextStartAt ? { nextStartAt } : {}) });
    expect(isDue(answered, ended, at("13:01:00"))).toBe(true);
  });

  test("is reported with the run's error, its number in a row and the time of the next start", () => {
    const ended = run({ error: "AccessDenied: s3:GetObject" });
    expect(alertOfEnd("dev", ended, answerEnd(job({ failures: 2 }), ended, at("12:01:00")))).toEqual({
      environment: "dev",
      severity: "error",
      summary:
        "streaming job manifests-stream of dev ended FAILED (run jr_1), 3 ends in a row that nobody asked for; the next one starts at 2026-01-31T12:05:00.000Z",
      reason: "AccessDenied: s3:GetObject",
      nextStep: expect.stringMatching(/policy of the job's role/),
      jobName: "manifests-stream",
      jobRunId: "jr_1",
    });
  });
});

describe("a start of the streaming job", () => {
  test.each<[string, Partial<StreamingJob>, Run | undefined, boolean]>([
    ["is due when it never ran", {}, undefined, true],
    ["is not due when it is to be stopped", { desired: "stopped" }, undefined, false],
    ["is not due before its time", { nextStartAt: at("12:03:00") }, run(), false],
    ["is due at its time", { nextStartAt: at("12:02:00") }, run(), true],
    [
      "is due before its time when a restart was asked for since the last run began",
      { nextStartAt: at("12:30:00"), restartRequestedAt: at("12:01:30") },
      run(),
      true,
    ],
    [
      "is not due for a restart that has taken place",
      { nextStartAt: at("12:30:00"), restartRequestedAt: at("11:00:00") },
      run(),
      false,
    ],
    [
      "is not due when a restart was asked for of a job that is to be stopped",
      { desired: "stopped", restartRequestedAt: at("12:01:30") },
      run(),
      false,
    ],
  ])("%s", (_, wanted, newest, due) => {
    expect(isDue(job(wanted), newest, at("12:02:00"))).toBe(due);
  });
});

describe("nextStep", () => {
  test.each([
    ["An error occurred (ThrottlingException) when calling", /fewer calls/],
    ["AccessDeniedException: User is not authorized to perform: s3:GetObject", /policy/],
    ["ModuleNotFoundError: No module named 'tributary'", /deploy again/],
    ["OSError: [Errno 28] No space left on device", /disk is full/],
    ["Command failed with exit code 137", /memory ran out/],
    ["ResourceNumberLimitExceededException: DPU limit", /quota/],
    ["AWS.SimpleQueueService.NonExistentQueue", /not there/],
    ["EndpointConnectionError: Could not connect to the endpoint URL", /connection/],
    [
      "something else",
      /tributary logs manifests-stream \(log group \/aws-glue\/jobs\/lake-dev-stream\/error\)/,
    ],
  ])("of %j", (error, expected) => {
    expect(nextStep(error, "lake-dev-stream")).toMatch(expected);
  });
});

describe("a run", () => {
  test.each([
    ["G.025X", 4, 1],
    ["G.1X", 3, 3],
    ["G.2X", 10, 20],
    ["G.4X", 2, 8],
    ["G.8X", 2, 16],
  ] as const)("of %s × %i is %i DPUs", (WorkerType, NumberOfWorkers, dpus) => {
    const read = runOf(
      {
        JobRunState: "SUCCEEDED",
        WorkerType,
        NumberOfWorkers,
        StartedOn: at("12:00:00"),
        ExecutionTime: 100,
      },
      at("13:00:00"),
    );
    expect([read.dpus, read.dpuSeconds]).toEqual([dpus, dpus * 100]);
  });

  test("costs what Glue counted, where it counts", () => {
    const counted = {
      JobRunState: "SUCCEEDED",
      WorkerType: "G.2X",
      NumberOfWorkers: 10,
      DPUSeconds: 7,
    } as const;
    expect(runOf({ ...counted, ExecutionTime: 100 }, at("13:00:00")).dpuSeconds).toBe(7);
  });

  test.each(["STARTING", "RUNNING", "STOPPING", "WAITING"] as const)("that is %s has not ended", (state) => {
    const read = runOf({ JobRunState: state, StartedOn: at("12:00:00") }, at("12:10:00"));
    expect([read.endedAt, read.seconds]).toEqual([undefined, 600]);
  });

  test("over midnight is shared out by date", () => {
    const long = run({
      startedAt: new Date("2026-01-30T18:00:00Z"),
      endedAt: new Date("2026-02-01T06:00:00Z"),
      seconds: 36 * 3_600,
      dpuSeconds: 72 * 3_600,
    });
    expect(daysOf(long, at("12:00:00"))).toEqual([
      { date: "2026-01-30", seconds: 6 * 3_600, dpuSeconds: 12 * 3_600 },
      { date: "2026-01-31", seconds: 24 * 3_600, dpuSeconds: 48 * 3_600 },
      { date: "2026-02-01", seconds: 6 * 3_600, dpuSeconds: 12 * 3_600 },
    ]);
  });

  test("that took no time has one day", () => {
    const dead = run({ endedAt: at("12:00:00"), seconds: 0, dpuSeconds: 0 });
    expect(daysOf(dead, at("12:00:00"))).toEqual([{ date: "2026-01-31", seconds: 0, dpuSeconds: 0 }]);
  });
});
