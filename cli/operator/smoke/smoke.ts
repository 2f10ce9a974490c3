import { type Environment, hasPipeline, type Pipeline } from "../../../environments/schema";
import { costOf, dpusOf } from "../../../runtime/prices/glue";
import { SMOKE_DAYS } from "../../../runtime/smoke";
import { EXIT, type ExitCode } from "../command/exit-codes";
import { warnOfOldPrices } from "../command/old-prices";
import type { Operator } from "../command/operator";
import { bytes, type Column, dollars, duration, table } from "../command/tables";
import { LedgerTest } from "./ledger";
import { ManifestsTest } from "./manifests";
import { type Outcome, outcomeOf } from "./outcome";
import { BILLED_SECONDS } from "./runs";
import { fileOf, newDate, newLabel } from "./sent";
import type { PipelineTest } from "./test";
import { UploadsTest } from "./uploads";

export interface SmokeOptions {
  /** Do it, and do not only say what it would do. */
  readonly yes?: boolean;
  /** Longest wait for the outcome of a file, in seconds. */
  readonly seconds: number;
}

const TESTS = { uploads: UploadsTest, manifests: ManifestsTest, ledger: LedgerTest } as const;

/** Sends a small file through each pipeline and compares what came of it with what was sent. */
export async function smoke(operator: Operator, { yes = false, seconds }: SmokeOptions): Promise<ExitCode> {
  warnOfOldPrices(operator.terminal, operator.now);
  const [label, date] = [newLabel(operator.now), newDate(operator.now)];
  const tests = operator.environment.pipelines.map(
    (pipeline) => new TESTS[pipeline](operator, fileOf(pipeline, label, date)),
  );
  return yes ? run(operator, label, tests, seconds) : plan(operator, tests);
}

interface Planned {
  readonly pipeline: Pipeline;
  /** Key in the raw bucket. */
  readonly key: string;
  readonly bytes: number;
  /** Job of which a run is started; null where it runs anyway. */
  readonly starts: string | null;
  /** Minimum cost of that run, in dollars. */
  readonly dollars: number;
  /** What is in the way of the test. */
  readonly obstacle?: string;
}

const PLANNED: readonly Column<Planned>[] = [
  { head: "pipeline", cell: ({ pipeline }) => pipeline },
  { head: "would upload", cell: ({ key }) => key },
  { head: "size", cell: (each) => bytes(each.bytes) },
  { head: "would start a run of", cell: ({ starts }) => starts ?? undefined },
  { head: "at least", cell: (each) => dollars(each.dollars) },
];

async function plan({ environment, terminal }: Operator, tests: readonly PipelineTest[]): Promise<ExitCode> {
  const planned: Planned[] = [];
  for (const test of tests) {
    const obstacle = await test.obstacle();
    planned.push({
      pipeline: test.sent.pipeline,
      key: test.sent.key,
      bytes: Buffer.byteLength(test.sent.body),
      starts: test.job ?? null,
      dollars: leastCost(environment, test.sent.pipeline),
      ...(obstacle === undefined ? {} : { obstacle }),
    });
  }
  const text = [
    table(PLANNED, planned),
    ...(hasPipeline(environment, "ledger")
      ? ["the ledger's run takes all other files that wait there, too, also where ledger.scheduled is false"]
      : []),
    `it would compare rows, dead letters and statuses, and remove them; what cannot be removed expires in ${SMOKE_DAYS} days; repeat with --yes`,
  ];
  terminal.show({ applied: false, pipelines: planned }, text.join("\n"));
  for (const { pipeline, obstacle } of planned)
    if (obstacle !== undefined) terminal.warn(`${pipeline}: ${obstacle}`);
  return EXIT.ok;
}

function leastCost({ uploads, ledger }: Environment, pipeline: Pipeline): number {
  if (pipeline === "manifests") return 0;
  const { type, number, executionClass } = pipeline === "uploads" ? uploads.workers : ledger.batch.workers;
  const dpus = dpusOf({ WorkerType: type, NumberOfWorkers: number }) ?? 0;
  return costOf(dpus * BILLED_SECONDS, executionClass);
}

const OUTCOMES: readonly Column<Outcome>[] = [
  { head: "pipeline", cell: ({ pipeline }) => pipeline },
  { head: "rows sent", cell: ({ rowsSent }) => rowsSent },
  { head: "rows found", cell: ({ rowsFound }) => rowsFound },
  { head: "lines broken", cell: ({ linesBroken }) => linesBroken },
  { head: "dead letters", cell: ({ deadLetters }) => deadLetters },
  { head: "status", cell: ({ status }) => status },
  { head: "time", cell: ({ seconds }) => duration(seconds) },
  {
    head: "runs cost",
    cell: (outcome) => (outcome.dollars === undefined ? undefined : dollars(outcome.dollars)),
  },
  { head: "", cell: ({ problems }) => (problems.length === 0 ? "passed" : "failed") },
];

async function run(
  operator: Operator,
  label: string,
  tests: readonly PipelineTest[],
  seconds: number,
): Promise<ExitCode> {
  const { signal, terminal } = operator;
  const states = new Map<Pipeline, string>();
  const progress = (pipeline: Pipeline, state: string) => {
    states.set(pipeline, state);
    terminal.progress([...states].map((each) => each.join(": ")).join("; "));
  };
  const outcomes = await Promise.all(tests.map((test) => outcomeOf(operator, test, { seconds, progress })));
  const passed = outcomes.every(({ problems }) => problems.length === 0);
  const cost = outcomes.reduce((sum, { dollars: ofRuns = 0 }) => sum + ofRuns, 0);
  terminal.show(
    { applied: true, label, passed, dollars: cost, pipelines: outcomes },
    [table(OUTCOMES, outcomes), ...leftOf(outcomes), summary(label, passed, cost)].join("\n"),
  );
  for (const { problems } of outcomes) for (const problem of problems) terminal.warn(`failed: ${problem}`);
  if (signal.aborted) return EXIT.interrupted;
  return passed ? EXIT.ok : EXIT.failed;
}

function leftOf(outcomes: readonly Outcome[]): string[] {
  return outcomes.flatMap(({ pipeline, left }) => left.map((each) => `left of ${pipeline}: ${each}`));
}

function summary(label: string, passed: boolean, cost: number): string {
  const end = passed ? "all rows and dead letters are as they were sent" : "failed";
  return `smoke test ${label}: ${end}; its runs cost about ${dollars(cost)}, all else less than a cent`;
}
