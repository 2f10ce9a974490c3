import { controlTableName, manifestsJobName } from "../../../environments/schema";
import {
  type ControlTable,
  orderStreamingJob,
  readStreamingJob,
  type StreamingJobOrder,
} from "../../../runtime/manifests/control";
import { costOfHours } from "../../../runtime/prices/glue";
import { CommandError } from "../../../setup/errors";
import { afterwards, type YesOption } from "../command/applying";
import { caller } from "../command/caller";
import { UsageError } from "../command/errors";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { isAtWork, type RunState, readRuns, waitForRuns } from "../command/runs";

export interface OrderOptions extends YesOption {
  /** Wait until the order has taken effect. */
  readonly wait?: boolean;
}

export interface ScaleOptions extends OrderOptions {
  readonly workers: number;
  /** Do not wait for the next run: end this one and start another. */
  readonly now?: boolean;
}

export function controlTable({ aws, environment }: Operator): ControlTable {
  return { client: aws.dynamo, name: controlTableName(environment) };
}

/** @throws UsageError when it is to wait for what is not done */
export function checkOrder({ wait, yes }: OrderOptions): void {
  if (wait && !yes) throw new UsageError("--wait: expected --yes with it (else nothing is done)");
}

/** @throws UsageError when it is to wait for a run that nothing starts */
export function checkScale(options: ScaleOptions): void {
  checkOrder(options);
  if (options.wait && !options.now) {
    throw new UsageError("--wait: expected --now with it (the next run may be a week away)");
  }
}

/** Sets the workers of the next runs; the job's definition stays as it was deployed. */
export async function scale(operator: Operator, options: ScaleOptions): Promise<ExitCode> {
  const { desired, workers: before } = await readStreamingJob(controlTable(operator));
  const { workers, now } = options;
  if (now && desired === "stopped") {
    throw new CommandError(
      "the streaming job is to be stopped: leave --now out, and start it with tributary manifests start",
    );
  }
  const was = before ?? operator.environment.manifests.workers.number;
  const when = now ? "the run at work ends when its manifests are done" : "from the next run on";
  return ordered(operator, options, {
    order: { workers, ...(now ? { restartRequestedAt: operator.now } : {}) },
    text: `workers: ${was} → ${workers}, ${when}${aboveCeiling(operator, workers)}`,
    undo: `tributary manifests scale --workers ${was}${now ? " --now" : ""} --yes`,
    isDone: isNew(operator),
  });
}

/** What synthesis would refuse of so many workers, which an operator may want all the same. */
function aboveCeiling({ environment: { manifests } }: Operator, workers: number): string {
  const { type } = manifests.workers;
  const dollars = costOfHours(24, { type, workers });
  if (dollars <= manifests.maximumDayDollars) return "";
  return `; a day of ${workers} workers ${type} costs ${dollars.toFixed(2)} USD, above manifests.maximumDayDollars (${manifests.maximumDayDollars})`;
}

export async function stop(operator: Operator, options: OrderOptions): Promise<ExitCode> {
  return ordered(operator, options, {
    order: { desired: "stopped" },
    text: "the streaming job ends when the manifests in work are done, and is not started again",
    undo: "tributary manifests start --yes",
    isDone: (runs) => !runs.some(isAtWork),
  });
}

export async function start(operator: Operator, options: OrderOptions): Promise<ExitCode> {
  const { nextStartAt } = await readStreamingJob(controlTable(operator));
  const waits = nextStartAt !== undefined && nextStartAt > operator.now;
  const when = waits
    ? `at ${nextStartAt.toISOString()}, for its runs have failed; tributary manifests restart waits for nothing`
    : "within a minute";
  return ordered(operator, options, {
    order: { desired: "running" },
    text: `the control plane starts the streaming job ${when}`,
    undo: "tributary manifests stop --yes",
    isDone: (runs) => runs.some(isRunning),
  });
}

export async function restart(operator: Operator, options: OrderOptions): Promise<ExitCode> {
  const { desired } = await readStreamingJob(controlTable(operator));
  if (desired === "stopped") {
    throw new CommandError("the streaming job is to be stopped: tributary manifests start lets it run");
  }
  return ordered(operator, options, {
    order: { restartRequestedAt: operator.now },
    text: "the run at work ends when its manifests are done; the next one starts within a minute",
    undo: "nothing, for what is in work is finished first",
    isDone: isNew(operator),
  });
}

interface Ordering {
  readonly order: StreamingJobOrder;
  readonly text: string;
  readonly undo: string;
  /** Whether the newest runs show that it took effect. */
  readonly isDone: (runs: readonly RunState[]) => boolean;
}

/** Gives the order, or only says so, and waits until it took effect where that is asked for. */
async function ordered(
  operator: Operator,
  { yes = false, wait }: OrderOptions,
  ordering: Ordering,
): Promise<ExitCode> {
  const { order, text, undo, isDone } = ordering;
  const job = manifestsJobName(operator.environment);
  if (yes) {
    await orderStreamingJob(controlTable(operator), order, await caller(operator), operator.now);
  }
  if (wait && !(await waitForRuns(operator, job, isDone))) return EXIT.interrupted;
  const runs = wait ? (await readRuns(operator, 1, job)).map(({ id, state }) => ({ id, state })) : undefined;
  const seen = runs?.map(({ id, state }) => `${id} ${state}`) ?? [];
  const lines = [yes ? text : `would be ordered: ${text}`, ...seen, afterwards(yes, undo)];
  operator.terminal.show({ applied: yes, ...order, ...(runs && { runs }) }, lines.join("\n"));
  return EXIT.ok;
}

function isRunning({ state }: RunState): boolean {
  return state === "RUNNING";
}

/** Returns a check for an active run that began after the order. */
function isNew({ now }: Operator): (runs: readonly RunState[]) => boolean {
  return (runs) => runs.some((run) => isRunning(run) && (run.startedAt ?? "") > now.toISOString());
}
