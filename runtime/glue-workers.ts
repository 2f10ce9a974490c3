/** Workers that Spark jobs of AWS Glue have: what each is, and which runs take it. */

/** Command of a job: what Glue runs. */
export type JobCommand = "glueetl" | "gluestreaming";

/** `STANDARD` begins at once; `FLEX` takes capacity that is spare, later, for less, and may lose workers as it runs. */
export type ExecutionClass = "STANDARD" | "FLEX";

export interface Worker {
  /** Data processing units that it is billed for. */
  readonly dpus: number;
  readonly cores: number;
  readonly memoryGigabytes: number;
  /** Disk, of which a part is the system's. */
  readonly diskGigabytes: number;
  readonly commands: readonly JobCommand[];
  readonly executionClasses: readonly ExecutionClass[];
}

const ANY = ["glueetl", "gluestreaming"] as const;

/**
 * By type, all that Glue 5.0 and 5.1 give a Spark job and the provider's version 5.100.0 takes.
 *
 * @see https://docs.aws.amazon.com/glue/latest/dg/worker-types.html (2026-12-01)
 * @see https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-job.html (2026-12-01), which has `G.025X` for streaming alone
 * @see https://docs.aws.amazon.com/cdk/api/v2/docs/@aws-cdk_aws-glue-alpha.PySparkFlexEtlJob.html (2026-12-01), on FLEX
 */
export const WORKERS = {
  "G.025X": {
    dpus: 0.25,
    cores: 2,
    memoryGigabytes: 4,
    diskGigabytes: 84,
    commands: ["gluestreaming"],
    executionClasses: ["STANDARD"],
  },
  "G.1X": {
    dpus: 1,
    cores: 4,
    memoryGigabytes: 16,
    diskGigabytes: 94,
    commands: ANY,
    executionClasses: ["STANDARD", "FLEX"],
  },
  "G.2X": {
    dpus: 2,
    cores: 8,
    memoryGigabytes: 32,
    diskGigabytes: 138,
    commands: ANY,
    executionClasses: ["STANDARD", "FLEX"],
  },
  "G.4X": {
    dpus: 4,
    cores: 16,
    memoryGigabytes: 64,
    diskGigabytes: 256,
    commands: ANY,
    executionClasses: ["STANDARD"],
  },
  "G.8X": {
    dpus: 8,
    cores: 32,
    memoryGigabytes: 128,
    diskGigabytes: 512,
    commands: ANY,
    executionClasses: ["STANDARD"],
  },
} as const satisfies Readonly<Record<string, Worker>>;
export type WorkerType = keyof typeof WORKERS;

/**
 * Why no Spark job of ours has a type that AWS knows.
 *
 * @see https://docs.aws.amazon.com/cdk/api/v2/docs/@aws-cdk_aws-glue-alpha.WorkerType.html (2026-12-01)
 */
const REFUSED: Readonly<Record<string, string>> = {
  Standard: "Glue 2.0 and earlier had it",
  "Z.2X": "Glue has it for Ray alone",
  ...Object.fromEntries(
    ["G.12X", "G.16X", "R.1X", "R.2X", "R.4X", "R.8X"].map((type) => [
      type,
      "the AWS provider 5.100.0 does not take it; for more memory a slot take a larger G",
    ]),
  ),
};

/** Types that runs of a job take, the smallest first. */
export function workerTypesOf(
  command: JobCommand,
  executionClass: ExecutionClass = "STANDARD",
): WorkerType[] {
  return (Object.keys(WORKERS) as WorkerType[]).filter((type) => {
    const worker: Worker = WORKERS[type];
    return worker.commands.includes(command) && worker.executionClasses.includes(executionClass);
  });
}

/** Reason why there are no workers of that type, where one is known. */
export function refusalOf(type: string): string | undefined {
  return REFUSED[type];
}
