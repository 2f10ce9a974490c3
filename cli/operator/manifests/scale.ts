import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { controlTableName } from "../../../environments/schema";
import {
  type ControlTable,
  orderStreamingJob,
  readStreamingJob,
  type StreamingJobOrder,
} from "../../../runtime/manifests/control";
import { CommandError } from "../../../setup/errors";
import { UsageError } from "../command/errors";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { isAtWork, type RunState, readRuns, waitForRuns } from "../command/runs";

export interface WaitOptions {
  /** Wait until the order has taken effect. */
  readonly wait?: boolean;
}

export interface ScaleOptions extends WaitOptions {
  readonly workers: number;
  /** Do not wait for the next run: end this one and start another. */
  readonly now?: boolean;
}

export function controlTable({ aws, environment }: Operator): ControlTable {
  return { client: aws.dynamo, name: controlTableName(environment) };
}

/** @throws UsageError when it is to wait for a run that nothing starts */
export function checkScale({ wait, now }: ScaleOptions): void {
  if (wait && !now) {
    throw new UsageError("--wait: expected --now with it (the next run may be a week away)");
  }
}

/** Sets the workers of the next runs; the job's definition stays as it was deployed. */
export async function scale(operator: Operator, options: ScaleOptions): Promise<ExitCode> {
  const { desired, workers: before } = await readStreamingJob(controlTable(operator));
  const { workers, now } = options;
  if (now && desired === "stopped") {
    throw new CommandError(
      "the streaming job is to be stopped: leave --now out, and start it with tributary start",
    );
  }
  await order(operator, { workers, ...(now ? { restartRequestedAt: operator.now } : {}) });
  const was = before === undefined ? "as deployed" : before;
  const when = now ? "the run at work ends when its manifests are done" : "from the next run on";
  return answer(
    operator,
    `workers: ${was} → ${workers}, ${when}`,
    { workers },
    now ? options : {},
    isNew(operator),
  );
}

export async function stop(operator: Operator, options: WaitOptions): Promise<ExitCode> {
  await order(operator, { desired: "stopped" });
  const text = "the streaming job ends when the manifests in work are done, and is not started again";
  return answer(operator, text, { desired: "stopped" }, options, (runs) => !runs.some(isAtWork));
}

export async function start(operator: Operator, options: WaitOptions): Promise<ExitCode> {
  const { nextStartAt } = await readStreamingJob(controlTable(operator));
  await order(operator, { desired: "running" });
  const waits = nextStartAt !== undefined && nextStartAt > operator.now;
  const when = waits
    ? `at ${nextStartAt.toISOString()}, for its runs have failed; tributary restart waits for nothing`
    : "within a minute";
  const text = `the control plane starts the streaming job ${when}`;
  return answer(operator, text, { desired: "running" }, options, (runs) => runs.some(isRunning));
}

export async function restart(operator: Operator, options: WaitOptions): Promise<ExitCode> {
  const { desired } = await readStreamingJob(controlTable(operator));
  if (desired === "stopped") {
    throw new CommandError("the streaming job is to be stopped: tributary start lets it run");
  }
  await order(operator, { restartRequestedAt: operator.now });
  const text = "the run at work ends when its manifests are done; the next one starts within a minute";
  return answer(operator, text, { restartRequestedAt: operator.now }, options, isNew(operator));
}

async function order(operator: Operator, ordered: StreamingJobOrder): Promise<void> {
  const { Arn = "unknown" } = await operator.aws.sts.send(new GetCallerIdentityCommand({}));
  await orderStreamingJob(controlTable(operator), ordered, Arn, operator.now);
}

function isRunning({ state }: RunState): boolean {
  return state === "RUNNING";
}

/** Returns a check for an active run that began after the order. */
function isNew({ now }: Operator): (runs: readonly RunState[]) => boolean {
  return (runs) => runs.some((run) => isRunning(run) && (run.startedAt ?? "") > now.toISOString());
}

async function answer(
  operator: Operator,
  text: string,
  data: object,
  { wait }: WaitOptions,
  wanted: (runs: readonly RunState[]) => boolean,
): Promise<ExitCode> {
  if (wait && !(await waitForRuns(operator, wanted))) return EXIT.interrupted;
  const runs = wait ? (await readRuns(operator, 1)).map(({ id, state }) => ({ id, state })) : undefined;
  const seen = runs?.map(({ id, state }) => `\n${id} ${state}`).join("") ?? "";
  operator.terminal.show({ ...data, ...(runs === undefined ? {} : { runs }) }, `${text}${seen}`);
  return EXIT.ok;
}
