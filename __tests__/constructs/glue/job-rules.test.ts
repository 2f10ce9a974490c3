import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { lockedWheels, nativeWheel } from "../../../constructs/code/glue-package";
import { checkJob, type JudgedJob } from "../../../constructs/glue/job-rules";
import { wheelFits } from "../../../constructs/glue/wheel-tags";
import { GLUE_VERSIONS } from "../../../runtime/glue-versions";
import { ROOT } from "../../../setup/paths";

const KEY = "arn:aws:kms:us-east-1:123456789012:key/1";
const LOCKED = [...lockedWheels(), nativeWheel()].map(({ name }) => `s3://artifacts/wheels/1/${name}`);

const JOB: JudgedJob = {
  command: "glueetl",
  jobName: "lake-dev-csv",
  region: "us-east-1",
  keys: { code: KEY, data: KEY, logs: KEY },
  glueVersion: "5.0",
  workerType: "G.1X",
  numberOfWorkers: 2,
  timeoutMinutes: 60,
  maximumRetries: 0,
  concurrentRuns: 1,
  code: { wheels: LOCKED },
};

const STREAM: Partial<JudgedJob> = { command: "gluestreaming", timeoutMinutes: 10_079 };

function check(props: Readonly<Record<string, unknown>>): void {
  checkJob("dev-compute/csv", { ...JOB, ...props } as JudgedJob);
}

describe("a job", () => {
  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    [
      "a name that no role has",
      { jobName: "a b" },
      'expected 1 to 64 letters, digits and any of _+=,.@- (its role has the same name), got "a b"',
    ],
    [
      "a key of another region",
      { keys: { ...JOB.keys, logs: KEY.replace("us-east-1", "us-west-2") } },
      'keys of lake-dev-csv: expected ARNs of KMS keys in us-east-1, where the job runs, got "arn:aws:kms:us-west-2:',
    ],
    [
      "an old Glue",
      { glueVersion: "4.0" },
      'expected one of 5.0, 5.1 (others have another Python than the locked wheels are for), got "4.0"',
    ],
    [
      "wheels for another Python",
      { code: { wheels: ["s3://artifacts/wheels/1/duckdb-2.0.0-cp312-cp312-manylinux_2_28_x86_64.whl"] } },
      "expected wheels for Python 3.11 on Linux x86_64",
    ],
    [
      "a Spark of its own",
      { code: { wheels: ["s3://artifacts/wheels/1/pyspark-3.5.4-py2.py3-none-any.whl"] } },
      "and none of Spark, which Glue 5.0 has (`npm run pin-wheels` writes the list anew)",
    ],
    [
      "spare capacity for a stream",
      { ...STREAM, executionClass: "FLEX" },
      'expected STANDARD (a streaming job cannot wait for spare capacity, and Glue gives it none), got "FLEX"',
    ],
    [
      "spare capacity of large workers",
      { executionClass: "FLEX", workerType: "G.4X" },
      'expected one of G.1X, G.2X (G.4X: Glue gives a run of the class FLEX no other), got "G.4X"',
    ],
    [
      "the workers of light streams for a batch",
      { workerType: "G.025X" },
      'expected one of G.1X, G.2X, G.4X, G.8X (G.025X: Glue gives a batch job no other), got "G.025X"',
    ],
    ["workers of Ray", { workerType: "Z.2X" }, "(Z.2X: Glue has it for Ray alone)"],
    [
      "workers that the provider does not take",
      { workerType: "R.2X" },
      "(R.2X: the AWS provider 5.100.0 does not take it; for more memory a slot take a larger G)",
    ],
    [
      "a type that nobody knows",
      { ...STREAM, workerType: "G.3X" },
      'expected one of G.025X, G.1X, G.2X, G.4X, G.8X (G.3X: Glue gives a streaming job no other), got "G.3X"',
    ],
    [
      "capacity beside workers",
      { maxCapacity: 10 },
      "maxCapacity of lake-dev-csv: expected nothing (it excludes workerType",
    ],
    [
      "a driver alone",
      { numberOfWorkers: 1 },
      "expected a whole number from 2 to 299 (the driver's included), got 1",
    ],
    [
      "fewer workers at most",
      { numberOfWorkers: 4, maximumWorkers: 3 },
      "expected a whole number from 4 (numberOfWorkers) to 299, got 3",
    ],
    [
      "too many workers",
      { maximumWorkers: 300 },
      "expected a whole number from 2 (numberOfWorkers) to 299, got 300",
    ],
    [
      "no time",
      { timeoutMinutes: 0 },
      "expected a whole number from 1 to 10079 (less than seven days), got 0",
    ],
    ["seven days", { timeoutMinutes: 10_080 }, "(less than seven days), got 10080"],
    ["half a minute", { timeoutMinutes: 1.5 }, "got 1.5"],
    ["endless retries", { maximumRetries: 11 }, "expected a whole number from 0 to 10, got 11"],
    [
      "retries of queued runs",
      { jobRunQueuing: true, maximumRetries: 1 },
      "expected 0 (jobRunQueuing: Glue queues no run of a job that has retries), got 1",
    ],
    ["no run at all", { concurrentRuns: 0 }, "expected a whole number from 1 or more, got 0"],
    ["a notice of no time", { notifyAfterMinutes: 0 }, "expected a whole number from 1 to 59"],
    [
      "a notice that comes too late",
      { notifyAfterMinutes: 60 },
      "expected a whole number from 1 to 59 (before timeoutMinutes ends the run), got 60",
    ],
    [
      "an hour that no day has",
      { ...STREAM, maintenanceWindow: "Sun:24" },
      'expected a day and an hour in UTC such as Sun:3, got "Sun:24"',
    ],
    [
      "a setting of Spark that every job has",
      { sparkConf: { "spark.ui.showConsoleProgress": "true" } },
      "expected other settings than spark.ui.showConsoleProgress, which every job has",
    ],
    [
      "a setting with further ones in it",
      { sparkConf: { "spark.a": "1 --conf spark.b=2" } },
      'values without spaces (Glue takes all of them in one text), got "spark.a=1 --conf spark.b=2"',
    ],
    ["a setting of something else", { sparkConf: { "hive.x": "1" } }, "names that begin with spark."],
    [
      "a folder that others share",
      { sparkUi: { prefix: "spark" } },
      'expected a prefix such as spark-ui/ (it ends with a slash: the role may write to what is below it, and to nothing beside it), got "spark"',
    ],
    [
      "a whole bucket for the time being",
      { temporaryFolder: { prefix: "" } },
      "temporaryFolder of lake-dev-csv: expected a prefix such as",
    ],
    [
      "statements beside a role",
      { role: {}, statements: [{}] },
      'expected nothing (a role that is given has its own; leave out role, or statements), got "1 statement(s)"',
    ],
    [
      "a run that may cost more than its ceiling",
      {
        workerType: "G.2X",
        numberOfWorkers: 2,
        maximumWorkers: 20,
        timeoutMinutes: 240,
        maximumRunDollars: 50,
      },
      "maximumRunDollars of lake-dev-csv: expected at least 71 USD (20 workers G.2X: 40 DPU × 4 h × 0.44 = 70.40), or fewer workers, a shorter timeoutMinutes, got 50",
    ],
    [
      "a day of a stream that does",
      { ...STREAM, numberOfWorkers: 5, maximumDayDollars: 50 },
      "maximumDayDollars of lake-dev-csv: expected at least 53 USD (5 workers G.1X: 5 DPU × 24 h × 0.44 = 52.80), or fewer workers, got 50",
    ],
    ["a ceiling that is no number", { maximumRunDollars: Number.NaN }, "expected at least 1 USD"],
  ])("is refused with %s", (_, props, message) => {
    expect(() => check(props)).toThrow(message);
    expect(() => check(props)).toThrow(/^dev-compute\/csv: \w+ of .+: expected /);
  });

  test("is told all that is wrong with it at once", () => {
    expect(() => check({ numberOfWorkers: 1, timeoutMinutes: 0 })).toThrow(
      /numberOfWorkers.*\n.*timeoutMinutes/,
    );
  });

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ["all locked wheels", {}],
    ["spare capacity", { executionClass: "FLEX", workerType: "G.2X" }],
    ["the largest worker and Glue 5.1", { workerType: "G.8X", glueVersion: "5.1", maximumWorkers: 299 }],
    ["a light stream", { ...STREAM, workerType: "G.025X", maintenanceWindow: "Sun:3" }],
    ["queued runs", { jobRunQueuing: true, concurrentRuns: 4, notifyAfterMinutes: 59 }],
    ["a run that costs its ceiling", { timeoutMinutes: 600, numberOfWorkers: 10, maximumRunDollars: 44 }],
    [
      "spare capacity at its own price",
      { executionClass: "FLEX", timeoutMinutes: 600, numberOfWorkers: 10, maximumRunDollars: 29 },
    ],
    ["folders", { sparkUi: { prefix: "spark-ui/csv/" }, temporaryFolder: { prefix: "t/" } }],
  ])("may have %s", (_, props) => {
    expect(() => check(props)).not.toThrow();
  });
});

describe("a wheel", () => {
  test.each([
    ["boto3-1.43.106-py3-none-any.whl", true],
    ["six-1.17.0-py2.py3-none-any.whl", true],
    ["pyarrow-26.0.1-cp311-cp311-manylinux_2_28_x86_64.whl", true],
    ["obstore-0.12.1-cp39-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", true],
    ["obstore-0.12.1-cp312-abi3-manylinux_2_17_x86_64.whl", false],
    ["pyarrow-26.0.1-cp310-cp310-manylinux_2_28_x86_64.whl", false],
    ["pyarrow-26.0.1-cp311-cp311-manylinux_2_28_aarch64.whl", false],
    ["pyarrow-26.0.1-cp311-cp311-macosx_12_0_arm64.whl", false],
  ])("%s is for Python 3.11 on Glue: %s", (name, fits) => {
    expect(wheelFits(name, "3.11")).toBe(fits);
  });
});

test("jobs are tried with the Spark of the default version", () => {
  const project = readFileSync(join(ROOT, "glue", "pyproject.toml"), "utf8");
  expect(project).toContain(`"pyspark==${GLUE_VERSIONS["5.0"].spark}"`);
  for (const { python } of Object.values(GLUE_VERSIONS))
    expect(project).toContain(`requires-python = ">=${python}"`);
});
