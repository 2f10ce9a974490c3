import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { GetJobRunCommand, StartJobRunCommand } from "@aws-sdk/client-glue";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { useOf } from "../../../../cli/operator/jobs/advise";
import type { RunUse } from "../../../../cli/operator/jobs/use";
import { uploadsJobName } from "../../../../environments/schema";
import { WORKER_PROFILES } from "../../../../environments/schema/workers";
import { ROOT } from "../../../../setup/paths";
import { ensurePython } from "../../../../setup/python";
import { eventually } from "../../../support/eventually";
import { environment, type Operated, startOperated } from "../operated";

/** What a job does with its engine, and so tells of it. */
const WORK = `
import time
from tributary.distribution import open_engine
if __name__ == "__main__":
    with open_engine("pool", 2) as engine:
        engine.submit(time.sleep, 0.2).result()
`;

let operated: Operated;

beforeAll(async () => {
  operated = await startOperated();
});

afterAll(() => operated.stop());

/** Runs the uploads job with two workers and a script, to its end. */
async function runJob(script: string): Promise<void> {
  await operated.put("manifests", "sleep.py", script);
  const { glue } = operated.aws;
  const JobName = uploadsJobName(environment);
  const size = { WorkerType: "G.1X", NumberOfWorkers: 2 } as const;
  // as the job that is deployed has it
  const Arguments = { "--custom-logGroup-prefix": `/aws-glue/jobs/${JobName}` };
  const { JobRunId: RunId } = await glue.send(new StartJobRunCommand({ JobName, ...size, Arguments }));
  await eventually("the run's end", async () => {
    const { JobRun } = await glue.send(new GetJobRunCommand({ JobName, RunId }));
    return JobRun?.JobRunState === "SUCCEEDED";
  });
}

const adviseOnUploads = (...words: string[]) =>
  operated.tributary("jobs", "advise", "--job", "uploads-job", ...words);

describe("tributary jobs advise", () => {
  test("says of what runs told what was used, and what would do", async () => {
    expect(await adviseOnUploads()).toEqual({
      code: 3,
      stdout: "",
      stderr:
        "uploads-job: none of the last 10 runs told the use of its slots, as each does every hour and at its end\n",
    });
    const { python } = await ensurePython("run", () => {});
    const line = execFileSync(python, ["-c", WORK], { cwd: join(ROOT, "glue"), encoding: "utf8" });
    // Glue tells whole seconds
    await runJob(`import time\nprint(${JSON.stringify(line.trim())}, flush=True)\ntime.sleep(2)\n`);
    const told = JSON.parse(line);
    const { code, stdout } = await adviseOnUploads("--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([
      {
        job: "uploads-job",
        use: {
          runs: 1,
          workers: 2,
          slotSeconds: told.slot_seconds,
          busySeconds: told.busy_seconds,
          peakMebibytes: told.peak_mebibytes,
          killed: 0,
        },
        // two workers are the least
        advice: [],
      },
    ]);
    const shown = await adviseOnUploads();
    expect(shown.stdout).toMatch(
      /^uploads-job: 1 run of 2 G\.1X for \$0\.00, \d+ % of the slots' time, at most \d+ of 4,096 MiB a task, 0 killed\n {2}no other size would do better\n$/,
    );
  });

  test("names the settings of the size that it advises", async () => {
    const used = {
      event: "used",
      slot_seconds: 100,
      busy_seconds: 10,
      tasks: 9,
      killed: 1,
      peak_mebibytes: 9,
    };
    const early = { ...used, busy_seconds: 1, killed: 0 };
    const print = (line: object) =>
      `print(${JSON.stringify(JSON.stringify(line).replaceAll(":", ": "))}, flush=True)\n`;
    await runJob(`import time\n${print(early)}${print(used)}time.sleep(2)\n`);
    const { code, stdout } = await adviseOnUploads("--runs", "1");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^uploads-job: 1 run of 2 G\.1X for \$0\.00, 10 % of .*, 1 killed$/m);
    expect(stdout).toMatch(/^ {2}memory pressure: costs \$0\.\d\d of these$/m);
    expect(stdout).toContain(
      '    environments/local.ts: uploads.workers: { profile: "memory-intensive", type: "G.4X", number: 2, maximum: 2 }, then deploy\n',
    );
  });
});

describe("the use of several runs", () => {
  const used = { slot_seconds: 100, busy_seconds: 20, tasks: 1, killed: 1, peak_mebibytes: 500 };
  const run = (given: Partial<RunUse>): RunUse => ({
    run: "jr",
    startedAt: "2026-01-31T10:00:00.000Z",
    seconds: 100,
    dpuSeconds: 400,
    workers: 3,
    workerType: "G.2X",
    executionClass: "STANDARD",
    used,
    ...given,
  });
  const job = { command: "glueetl", size: () => WORKER_PROFILES.small } as const;

  test("is that of the newest that told theirs, and of the size of these", () => {
    const { used: _, ...silent } = run({ startedAt: "2026-01-31T10:30:00.000Z" });
    const runs = [
      silent,
      run({}),
      run({ workerType: "G.1X" }),
      run({ workers: 4 }),
      run({ startedAt: "2026-01-31T09:00:00.000Z", dpuSeconds: 800, used: { ...used, peak_mebibytes: 700 } }),
    ];
    expect(useOf(job, environment, runs)).toEqual({
      runs: 2,
      command: "glueetl",
      size: { type: "G.2X", number: 3, maximum: 3, executionClass: "STANDARD", coresOfTask: 1 },
      // 1,200 DPU seconds of workers of two DPU in 200 s
      workers: 3,
      dpuSeconds: 1200,
      slotSeconds: 200,
      busySeconds: 40,
      killed: 2,
      peakMebibytes: 700,
      // the third began with the second
      pauseSeconds: 0,
    });
  });

  test("is unknown where none told it", () => {
    const { used: _, ...silent } = run({});
    expect(useOf(job, environment, [silent])).toBeUndefined();
  });

  test("takes the numbers of the settings where Glue scales the job", () => {
    const scaled = { ...job, size: () => WORKER_PROFILES.medium };
    expect(useOf(scaled, environment, [run({ workers: 10 })])?.size).toMatchObject({
      number: 5,
      maximum: 10,
    });
  });

  test("has the shortest pause between runs", () => {
    const starts = ["12:00", "11:00", "08:00"].map((time) =>
      run({ startedAt: `2026-01-31T${time}:00.000Z` }),
    );
    expect(useOf(job, environment, starts)?.pauseSeconds).toBe(3500);
  });
});
