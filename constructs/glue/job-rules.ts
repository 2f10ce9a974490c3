/** What Glue, and the provider before it, would refuse of a job; told at synthesis, all of it at once. */
import { Token } from "cdktf";
import { expectedAt } from "../../runtime/expected";
import {
  FEWEST_WORKERS,
  LONGEST_MINUTES,
  MAINTENANCE_WINDOW,
  MOST_RETRIES,
  MOST_WORKERS,
} from "../../runtime/glue-runs";
import { GLUE_VERSIONS } from "../../runtime/glue-versions";
import { type ExecutionClass, type JobCommand, refusalOf, workerTypesOf } from "../../runtime/glue-workers";
import { costOfHours, DPUS, hourPrice } from "../../runtime/prices/glue";
import type { KindOfRun } from "./kind-of-run";
import { wheelFits } from "./wheel-tags";

/** Of a job what a rule is about. */
export interface JudgedJob extends KindOfRun {
  readonly jobName: string;
  readonly region: string;
  readonly keys: { readonly code: string; readonly data: string; readonly logs: string };
  readonly glueVersion: string;
  readonly workerType: string;
  readonly numberOfWorkers: number;
  readonly maximumWorkers?: number;
  readonly maxCapacity?: unknown;
  readonly executionClass?: ExecutionClass;
  readonly sparkConf?: Readonly<Record<string, string>>;
  readonly sparkUi?: { readonly prefix: string };
  readonly temporaryFolder?: { readonly prefix: string };
  readonly code: { readonly wheels: readonly string[] };
  readonly role?: unknown;
  readonly statements?: readonly unknown[];
}

interface JobRule {
  readonly prop: keyof JudgedJob;
  /** Accepted value and its reason; undefined where the prop is accepted. */
  readonly expected: (job: JudgedJob) => string | undefined;
  /** Part of the prop that the message shows, where not all of it. */
  readonly got?: (job: JudgedJob) => unknown;
}

/** Settings of Spark that are Glue's or this construct's own. */
export const OWN_CONF: Readonly<Record<string, string>> = {
  // Spark's own default: other settings name agents, archives and interpreters
  "spark.ui.showConsoleProgress": "false",
};

const RULES: readonly JobRule[] = [
  {
    prop: "jobName",
    expected: ({ jobName }) =>
      /^[\w+=,.@-]{1,64}$/.test(jobName)
        ? undefined
        : "1 to 64 letters, digits and any of _+=,.@- (its role has the same name)",
  },
  {
    prop: "keys",
    expected: (job) =>
      foreignKey(job) === undefined ? undefined : `ARNs of KMS keys in ${job.region}, where the job runs`,
    got: foreignKey,
  },
  {
    prop: "glueVersion",
    expected: ({ glueVersion }) =>
      glueVersion in GLUE_VERSIONS
        ? undefined
        : `one of ${Object.keys(GLUE_VERSIONS).join(", ")} (others have another Python than the locked wheels are for)`,
  },
  {
    prop: "code",
    expected: (job) =>
      unfitWheel(job) === undefined
        ? undefined
        : `wheels for Python ${pythonOf(job)} on Linux x86_64, and none of Spark, which Glue ${job.glueVersion} has (\`npm run pin-wheels\` writes the list anew)`,
    got: unfitWheel,
  },
  {
    // Glue takes spare capacity for batch jobs alone
    prop: "executionClass",
    expected: ({ command, executionClass }) =>
      executionClass === "FLEX" && command === "gluestreaming"
        ? "STANDARD (a streaming job cannot wait for spare capacity, and Glue gives it none)"
        : undefined,
  },
  {
    prop: "workerType",
    expected: ({ command, executionClass, workerType }) => {
      const types = workerTypesOf(command, command === "glueetl" ? executionClass : "STANDARD");
      if (types.some((type) => type === workerType)) return undefined;
      const reason = refusalOf(workerType) ?? `Glue gives ${runOf(command, executionClass)} no other`;
      return `one of ${types.join(", ")} (${workerType}: ${reason})`;
    },
  },
  {
    prop: "maxCapacity",
    expected: ({ maxCapacity }) =>
      maxCapacity === undefined
        ? undefined
        : "nothing (it excludes workerType, which a Spark job has: say workerType and numberOfWorkers)",
  },
  wholeNumber("numberOfWorkers", FEWEST_WORKERS, () => MOST_WORKERS, "the driver's included"),
  {
    prop: "maximumWorkers",
    expected: ({ numberOfWorkers, maximumWorkers = numberOfWorkers }) =>
      isWhole(maximumWorkers, numberOfWorkers, Math.max(numberOfWorkers, MOST_WORKERS))
        ? undefined
        : `a whole number from ${numberOfWorkers} (numberOfWorkers) to ${MOST_WORKERS}`,
  },
  wholeNumber("timeoutMinutes", 1, () => LONGEST_MINUTES, "less than seven days"),
  {
    // @see https://docs.amazonaws.cn/en_us/glue/latest/dg/job-run-statuses.html (2026-12-01)
    prop: "maximumRetries",
    expected: ({ jobRunQueuing, maximumRetries }) =>
      jobRunQueuing === true && maximumRetries !== 0
        ? "0 (jobRunQueuing: Glue queues no run of a job that has retries)"
        : undefined,
  },
  wholeNumber("maximumRetries", 0, () => MOST_RETRIES),
  wholeNumber("concurrentRuns", 1, () => Number.MAX_SAFE_INTEGER),
  wholeNumber(
    "notifyAfterMinutes",
    1,
    ({ timeoutMinutes }) => timeoutMinutes - 1,
    "before timeoutMinutes ends the run",
  ),
  {
    prop: "maintenanceWindow",
    expected: ({ maintenanceWindow }) =>
      maintenanceWindow === undefined || MAINTENANCE_WINDOW.pattern.test(maintenanceWindow)
        ? undefined
        : MAINTENANCE_WINDOW.would,
  },
  {
    prop: "sparkConf",
    expected: ({ sparkConf = {} }) => {
      const own = Object.keys(sparkConf).find((name) => name in OWN_CONF);
      if (own !== undefined) return `other settings than ${own}, which every job has`;
      return strangeConf(sparkConf) === undefined
        ? undefined
        : "names that begin with spark. and values without spaces (Glue takes all of them in one text)";
    },
    got: ({ sparkConf }) => strangeConf(sparkConf ?? {}) ?? Object.keys(sparkConf ?? {}),
  },
  ceiling("maximumRunDollars", ({ timeoutMinutes }) => timeoutMinutes / 60, ", a shorter timeoutMinutes"),
  ceiling("maximumDayDollars", () => 24),
  folder("sparkUi"),
  folder("temporaryFolder"),
  {
    prop: "statements",
    expected: ({ role, statements = [] }) =>
      role !== undefined && statements.length > 0
        ? "nothing (a role that is given has its own; leave out role, or statements)"
        : undefined,
    got: ({ statements = [] }) => `${statements.length} statement(s)`,
  },
];

/**
 * Checks a job against Glue's own rules.
 *
 * @param path the construct's, for the message
 * @throws Error with all problems
 */
export function checkJob(path: string, job: JudgedJob): void {
  const problems = RULES.flatMap((rule) => {
    const wanted = rule.expected(job);
    if (wanted === undefined) return [];
    const got = rule.got ?? ((each) => each[rule.prop]);
    return [expectedAt(`${path}: ${rule.prop} of ${job.jobName}`, wanted, got(job))];
  });
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

function wholeNumber(
  prop: keyof JudgedJob,
  from: number,
  to: (job: JudgedJob) => number,
  reason?: string,
): JobRule {
  return {
    prop,
    expected: (job) => {
      const value = job[prop];
      if (value === undefined || isWhole(value, from, to(job))) return undefined;
      const range = to(job) === Number.MAX_SAFE_INTEGER ? `${from} or more` : `${from} to ${to(job)}`;
      return `a whole number from ${range}${reason === undefined ? "" : ` (${reason})`}`;
    },
  };
}

function folder(prop: "sparkUi" | "temporaryFolder"): JobRule {
  const prefixOf = (job: JudgedJob) => job[prop]?.prefix;
  return {
    prop,
    expected: (job) =>
      /^([\w!.*'()-]+\/)+$/.test(prefixOf(job) ?? "folder/")
        ? undefined
        : "a prefix such as spark-ui/ (it ends with a slash: the role may write to what is below it, and to nothing beside it)",
    got: prefixOf,
  };
}

/** Holds what so many hours of a run may cost, with all its workers busy. */
function ceiling(
  prop: "maximumRunDollars" | "maximumDayDollars",
  hoursOf: (job: JudgedJob) => number,
  orElse = "",
): JobRule {
  return {
    prop,
    expected: (job) => {
      const { workerType, maximumWorkers: workers = job.numberOfWorkers, executionClass } = job;
      const [hours, most] = [hoursOf(job), job[prop]];
      const dollars = costOfHours(hours, { type: workerType, workers, executionClass });
      if (most === undefined || most >= dollars) return undefined;
      const dpus = workers * (DPUS[workerType] ?? 0);
      const price = hourPrice(executionClass).dollars;
      const sum = `${dpus} DPU × ${Number(hours.toFixed(2))} h × ${price} = ${dollars.toFixed(2)}`;
      return `at least ${Math.ceil(dollars)} USD (${workers} workers ${workerType}: ${sum}), or fewer workers${orElse}`;
    },
  };
}

function isWhole(value: unknown, from: number, to: number): boolean {
  return Number.isInteger(value) && Number(value) >= from && Number(value) <= to;
}

/** First key that is no KMS key of the job's region; what Terraform knows later is not judged. */
function foreignKey({ keys, region }: JudgedJob): string | undefined {
  const own = new RegExp(`^arn:aws:kms:${region}:\\d{12}:key/.+$`);
  return Object.values(keys).find((arn) => !Token.isUnresolved(arn) && !own.test(arn));
}

function pythonOf({ glueVersion }: JudgedJob): string | undefined {
  return Object.entries(GLUE_VERSIONS).find(([version]) => version === glueVersion)?.[1].python;
}

function unfitWheel(job: JudgedJob): string | undefined {
  const python = pythonOf(job);
  if (python === undefined) return undefined;
  return job.code.wheels
    .map((address) => address.slice(address.lastIndexOf("/") + 1))
    .find((name) => !wheelFits(name, python) || name.startsWith("pyspark-"));
}

function strangeConf(conf: Readonly<Record<string, string>>): string | undefined {
  return Object.entries(conf)
    .map(([name, value]) => `${name}=${value}`)
    .find((each) => !/^spark\.[\w.]+=\S+$/.test(each));
}

function runOf(command: JobCommand, executionClass: ExecutionClass = "STANDARD"): string {
  if (command === "gluestreaming") return "a streaming job";
  return executionClass === "FLEX" ? "a run of the class FLEX" : "a batch job";
}
