import type { JobRun } from "@aws-sdk/client-glue";
import { describe, expect, test } from "@jest/globals";
import { costOfRuns, hopeless, runWords } from "../../../../cli/operator/smoke/runs";

const run = (JobRunState: JobRun["JobRunState"], more: Partial<JobRun> = {}): JobRun => ({
  Id: "jr_1",
  JobRunState,
  ...more,
});
const FAILED = run("FAILED", { ErrorMessage: "no module tributary" });

describe("runs of a smoke test", () => {
  test.each([
    ["none", [], undefined],
    ["one that failed", [FAILED], undefined],
    [
      "two that failed",
      [FAILED, run("TIMEOUT")],
      "2 runs in a row failed; run jr_1 of j is FAILED: no module tributary",
    ],
    ["one at work after them", [run("RUNNING"), FAILED, FAILED], undefined],
    ["one that succeeded after them", [run("SUCCEEDED"), FAILED, FAILED], undefined],
  ])("are hopeless only where nothing else is to come: %s", (_, runs, why) => {
    expect(hopeless("j", runs)).toBe(why);
  });

  test("are told by the newest", () => {
    expect(runWords("j", [])).toBe("no run of j");
    expect(runWords("j", [run("RUNNING"), FAILED])).toBe("run jr_1 of j is RUNNING");
  });

  test.each([
    ["by the second", { ExecutionTime: 3600, WorkerType: "G.1X", NumberOfWorkers: 2 }, 0.88],
    ["for a minute at least", { ExecutionTime: 6, WorkerType: "G.1X", NumberOfWorkers: 2 }, 0.44 / 30],
    ["by Glue's own count where there is one", { DPUSeconds: 3600, ExecutionTime: 1 }, 0.44],
    [
      "less where they took spare capacity",
      { ExecutionTime: 3600, WorkerType: "G.2X", NumberOfWorkers: 2, ExecutionClass: "FLEX" },
      4 * 0.29,
    ],
    ["so far", { StartedOn: new Date(0), WorkerType: "G.1X", NumberOfWorkers: 2 }, 0.88],
  ] as const)("cost %s", (_, more, dollars) => {
    expect(costOfRuns([run("SUCCEEDED", more)], 3_600_000)).toBeCloseTo(dollars);
  });
});
