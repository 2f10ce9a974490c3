import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  BatchStopJobRunCommand,
  GetJobRunCommand,
  GetJobRunsCommand,
  StartJobRunCommand,
} from "@aws-sdk/client-glue";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ensurePython } from "../../../setup/python";
import { eventually } from "../../support/eventually";
import {
  createJob,
  ENDLESS,
  isRunning,
  logLines,
  putArtifact,
  startRun,
  startTestPlatform,
  type TestPlatform,
  tellsOf,
  waitForRun,
} from "../platform";

const STUBBORN = `
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
print("child", child.pid, flush=True)
time.sleep(3600)`;
const SHOW = `
import json, os, sys
print(json.dumps({"arguments": sys.argv[1:], "variables": dict(os.environ)}))`;

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startTestPlatform();
});
afterAll(() => platform.stop());

describe("a run", () => {
  test("succeeds with its times and names", async () => {
    await createJob(platform, "good", "print('done')");
    const id = await startRun(platform, "good");
    expect(id).toMatch(/^jr_[0-9a-f]{64}$/);
    const run = await waitForRun(platform, "good", id);
    expect(run).toMatchObject({
      Id: id,
      JobName: "good",
      JobRunState: "SUCCEEDED",
      Attempt: 0,
      LogGroupName: "/aws-glue/jobs",
      Timeout: 480,
    });
    expect(run.ErrorMessage).toBeUndefined();
    expect(Number(run.CompletedOn)).toBeGreaterThanOrEqual(Number(run.StartedOn));
  });

  test("passes through STARTING and RUNNING", async () => {
    await createJob(platform, "states", ENDLESS);
    const id = await startRun(platform, "states");
    const { JobRun } = await platform.glue.send(new GetJobRunCommand({ JobName: "states", RunId: id }));
    expect(JobRun?.JobRunState).toBe("STARTING");
    await waitForRun(platform, "states", id, (run) => run.JobRunState === "RUNNING");
    await platform.glue.send(new BatchStopJobRunCommand({ JobName: "states", JobRunIds: [id] }));
    await waitForRun(platform, "states", id);
  });

  test("gets the default arguments overlaid by its own, under those that may not be overridden", async () => {
    await createJob(platform, "overlay", SHOW, {
      DefaultArguments: { "--kept": "default", "--changed": "default", "--fixed": "default" },
      NonOverridableArguments: { "--fixed": "fixed" },
    });
    const id = await startRun(platform, "overlay", { "--changed": "run", "--fixed": "run", "--own": "run" });
    const run = await waitForRun(platform, "overlay", id);
    const effective = { "--kept": "default", "--changed": "run", "--fixed": "fixed", "--own": "run" };
    expect(run.Arguments).toEqual(effective);
    const [line = "{}"] = await logLines(platform, "/aws-glue/jobs/output", id);
    const words = Object.entries(effective).flat();
    expect(JSON.parse(line).arguments).toEqual(["--JOB_NAME", "overlay", "--JOB_RUN_ID", id, ...words]);
  });

  test("sees the credentials of its role, the variables that were given, and nothing of this machine's environment", async () => {
    process.env["TRIBUTARY_TEST_SECRET"] = "visible";
    await createJob(platform, "clean", SHOW);
    const id = await startRun(platform, "clean");
    delete process.env["TRIBUTARY_TEST_SECRET"];
    await waitForRun(platform, "clean", id);
    const [line = "{}"] = await logLines(platform, "/aws-glue/jobs/output", id);
    const { variables } = JSON.parse(line);
    expect(variables).toMatchObject({
      AWS_ACCESS_KEY_ID: expect.stringMatching(/^ASIA/),
      AWS_ENDPOINT_URL: platform.emulator.endpoint,
      AWS_SESSION_TOKEN: expect.anything(),
      HOME: expect.stringContaining(platform.folder),
      PGHOST: "127.0.0.1",
    });
    for (const name of ["TRIBUTARY_TEST_SECRET", "AWS_REGION", "AWS_DEFAULT_REGION"]) {
      expect(variables).not.toHaveProperty(name);
    }
  });

  test("imports the packages that --extra-py-files names", async () => {
    const { python } = await ensurePython("run", () => undefined);
    const archive = join(platform.folder, "package.zip");
    const make =
      "import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'w').writestr('shipped/__init__.py', 'NAME = __file__')";
    execFileSync(python, ["-c", make, archive]);
    const location = await putArtifact(platform, "package.zip", readFileSync(archive));
    await createJob(platform, "packaged", "import shipped; print(shipped.NAME)");
    const id = await startRun(platform, "packaged", { "--extra-py-files": location });
    await expect(waitForRun(platform, "packaged", id)).resolves.toMatchObject({ JobRunState: "SUCCEEDED" });
    const [line] = await logLines(platform, "/aws-glue/jobs/output", id);
    expect(line).toMatch(/package\.zip\/shipped\/__init__\.py$/);
  });

  test("finds the files that --extra-files names in its working folder", async () => {
    const location = await putArtifact(platform, "ca.pem", "authority");
    await createJob(platform, "filed", "print(open('ca.pem').read())");
    const id = await startRun(platform, "filed", { "--extra-files": location });
    await expect(waitForRun(platform, "filed", id)).resolves.toMatchObject({ JobRunState: "SUCCEEDED" });
    expect(await logLines(platform, "/aws-glue/jobs/output", id)).toEqual(["authority"]);
  });

  test("streams both its outputs line by line, while it runs, to the log groups of its settings", async () => {
    const source =
      "import sys, time\nprint('one\\n\\nthree', flush=True)\nprint('bad', file=sys.stderr, flush=True)\ntime.sleep(3600)";
    await createJob(platform, "chatty", source, { DefaultArguments: { "--custom-logGroup-prefix": "/own" } });
    const id = await startRun(platform, "chatty");
    const lines = (group: string) => logLines(platform, group, id).catch(() => []);
    await eventually("its output", async () => (await lines("/own/output")).length === 3);
    await eventually("its errors", async () => (await lines("/own/error")).length === 1);
    expect(await lines("/own/output")).toEqual(["one", " ", "three"]);
    await platform.glue.send(new BatchStopJobRunCommand({ JobName: "chatty", JobRunIds: [id] }));
    await waitForRun(platform, "chatty", id);
  });

  test.each([
    ["an exception", "raise ValueError('bad input')", "ValueError: bad input"],
    ["an exit code", "raise SystemExit(3)", "the script ended with code 3"],
    ["a signal", "import os; os.kill(os.getpid(), 9)", "the script was ended by SIGKILL"],
  ])("fails with the reason after %s", async (name, source, message) => {
    const job = name.replaceAll(" ", "-");
    await createJob(platform, job, source);
    const run = await waitForRun(platform, job, await startRun(platform, job));
    expect(run).toMatchObject({ JobRunState: "FAILED", ErrorMessage: message });
  });

  test("fails naming the script that is not there", async () => {
    const Command = { Name: "glueetl", ScriptLocation: "s3://artifacts/none.py" };
    await createJob(platform, "scriptless", "", { Command });
    const run = await waitForRun(platform, "scriptless", await startRun(platform, "scriptless"));
    expect(run.ErrorMessage).toMatch(/cannot download s3:\/\/artifacts\/none\.py/);
  });

  test("leaves no file behind", () => {
    expect(readdirSync(platform.folder).filter((name) => name.startsWith("jr_"))).toEqual([]);
  });
});

describe("limits", () => {
  test("refuse a run beyond the concurrent ones, and allow it once one has ended", async () => {
    await createJob(platform, "limited", ENDLESS, { ExecutionProperty: { MaxConcurrentRuns: 2 } });
    const first = await startRun(platform, "limited");
    const second = await startRun(platform, "limited");
    await expect(startRun(platform, "limited")).rejects.toMatchObject({
      name: "ConcurrentRunsExceededException",
    });
    await platform.glue.send(new BatchStopJobRunCommand({ JobName: "limited", JobRunIds: [first] }));
    await waitForRun(platform, "limited", first);
    const third = await startRun(platform, "limited");
    await platform.glue.send(new BatchStopJobRunCommand({ JobName: "limited", JobRunIds: [second, third] }));
    await Promise.all([second, third].map((id) => waitForRun(platform, "limited", id)));
    const { JobRuns = [] } = await platform.glue.send(new GetJobRunsCommand({ JobName: "limited" }));
    expect(JobRuns.map((run) => run.Id)).toEqual([third, second, first]);
  });

  test("end a run at its timeout, which a run may set for itself, and do not retry it", async () => {
    await createJob(platform, "slow", ENDLESS, { MaxRetries: 1 });
    const { JobRunId = "" } = await platform.glue.send(
      new StartJobRunCommand({ JobName: "slow", Timeout: 1 }),
    );
    const run = await waitForRun(platform, "slow", JobRunId);
    expect(run).toMatchObject({ JobRunState: "TIMEOUT", Timeout: 1, ErrorMessage: "Job run timed out" });
    const { JobRuns } = await platform.glue.send(new GetJobRunsCommand({ JobName: "slow" }));
    expect(JobRuns).toHaveLength(1);
  });

  test("retry a failed run as further attempts", async () => {
    await createJob(platform, "flaky", "raise ValueError('again')", { MaxRetries: 2 });
    const first = await startRun(platform, "flaky", { "--own": "run" });
    const last = await eventually("the third attempt's end", async () => {
      const { JobRuns = [] } = await platform.glue.send(new GetJobRunsCommand({ JobName: "flaky" }));
      return JobRuns.length === 3 && JobRuns[0]?.CompletedOn !== undefined && JobRuns;
    });
    expect(last.map((run) => [run.Id, run.Attempt, run.PreviousRunId, run.JobRunState])).toEqual([
      [`${first}_attempt_2`, 2, `${first}_attempt_1`, "FAILED"],
      [`${first}_attempt_1`, 1, first, "FAILED"],
      [first, 0, undefined, "FAILED"],
    ]);
    expect(last[0]?.Arguments).toEqual({ "--own": "run" });
  });
});

describe("a run of a streaming job", () => {
  test("has the timeout of any job, and the workers that it was started with", async () => {
    await createJob(platform, "streaming", ENDLESS, {
      Command: streaming("streaming"),
      WorkerType: "G.1X",
      NumberOfWorkers: 2,
      MaintenanceWindow: "Sun:3",
    });
    const { JobRunId = "" } = await platform.glue.send(
      new StartJobRunCommand({ JobName: "streaming", NumberOfWorkers: 5 }),
    );
    const running = await waitForRun(
      platform,
      "streaming",
      JobRunId,
      ({ JobRunState }) => JobRunState === "RUNNING",
    );
    expect(running).toMatchObject({ WorkerType: "G.1X", NumberOfWorkers: 5, MaintenanceWindow: "Sun:3" });
    expect(running.Timeout).toBe(480);
    await platform.glue.send(new BatchStopJobRunCommand({ JobName: "streaming", JobRunIds: [JobRunId] }));
    await expect(waitForRun(platform, "streaming", JobRunId)).resolves.toMatchObject({
      JobRunState: "STOPPED",
    });
  });

  test("may be ended as by its maintenance window, which is told as any end", async () => {
    const told = await tellsOf(platform, "expiring");
    await createJob(platform, "expiring", ENDLESS, { Command: streaming("expiring") });
    const id = await startRun(platform, "expiring");
    await waitForRun(platform, "expiring", id, ({ JobRunState }) => JobRunState === "RUNNING");
    platform.runner.expire("expiring", id);
    await expect(waitForRun(platform, "expiring", id)).resolves.toMatchObject({ JobRunState: "EXPIRED" });
    expect(await told()).toMatchObject({ jobRunId: id, state: "EXPIRED" });
  });
});

describe("stopping", () => {
  test("ends a script that ignores it together with the processes it made", async () => {
    await createJob(platform, "stubborn", STUBBORN);
    const id = await startRun(platform, "stubborn");
    const child = await eventually("its child", async () => {
      const [line] = await logLines(platform, "/aws-glue/jobs/output", id).catch(() => []);
      return line ? Number(line.split(" ")[1]) : undefined;
    });
    const answer = await platform.glue.send(
      new BatchStopJobRunCommand({ JobName: "stubborn", JobRunIds: [id] }),
    );
    expect(answer.SuccessfulSubmissions).toEqual([{ JobName: "stubborn", JobRunId: id }]);
    const stopping = await platform.glue.send(new GetJobRunCommand({ JobName: "stubborn", RunId: id }));
    expect(stopping.JobRun?.JobRunState).toBe("STOPPING");
    const run = await waitForRun(platform, "stubborn", id);
    expect(run).toMatchObject({ JobRunState: "STOPPED" });
    expect(isRunning(child)).toBe(false);
  });

  test("says of each run that it cannot stop why", async () => {
    await createJob(platform, "ended", "");
    const id = await startRun(platform, "ended");
    await waitForRun(platform, "ended", id);
    const { Errors } = await platform.glue.send(
      new BatchStopJobRunCommand({ JobName: "ended", JobRunIds: [id, "jr_none"] }),
    );
    expect(Errors?.map((error) => [error.JobRunId, error.ErrorDetail?.ErrorCode])).toEqual([
      [id, "InvalidInputException"],
      ["jr_none", "EntityNotFoundException"],
    ]);
  });
});

test.each([
  ["of an unknown job", () => new StartJobRunCommand({ JobName: "none" })],
  ["that is unknown", () => new GetJobRunCommand({ JobName: "good", RunId: "jr_none" })],
] as const)("a run %s is not found", async (_, command) => {
  await expect(platform.glue.send(command() as GetJobRunCommand)).rejects.toMatchObject({
    name: "EntityNotFoundException",
  });
});

test.each([
  ["succeeds", "", {}, "SUCCEEDED", "INFO"],
  ["fails", "raise ValueError('bad')", {}, "FAILED", "ERROR"],
  ["runs out of time", ENDLESS, { Timeout: 1 }, "TIMEOUT", "WARN"],
])("a run that %s is told to a queue by Glue's event", async (_, source, fields, state, severity) => {
  const job = `told-${state.toLowerCase()}`;
  const told = await tellsOf(platform, job);
  await createJob(platform, job, source, fields);
  const id = await startRun(platform, job);
  expect(await told()).toEqual({ jobName: job, jobRunId: id, state, severity, message: expect.any(String) });
});

test("the end of the service ends its runs and leaves no process", async () => {
  const own = await startTestPlatform();
  await createJob(own, "stubborn", STUBBORN);
  const id = await startRun(own, "stubborn");
  const child = await eventually("its child", async () => {
    const [line] = await logLines(own, "/aws-glue/jobs/output", id).catch(() => []);
    return line ? Number(line.split(" ")[1]) : undefined;
  });
  await own.stop();
  expect(isRunning(child)).toBe(false);
});

test("nothing beside the runs went wrong", () => {
  expect(platform.warnings).toEqual([]);
});

function streaming(job: string) {
  return { Name: "gluestreaming", ScriptLocation: `s3://artifacts/${job}.py`, PythonVersion: "3" };
}
