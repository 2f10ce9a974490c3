import { setTimeout as sleep } from "node:timers/promises";
import type { Pipeline } from "../../../environments/schema";
import { SMOKE_DAYS } from "../../../runtime/smoke";
import type { Operator } from "../command/operator";
import { duration } from "../command/tables";
import { differences, type Found } from "./checks";
import { costOfRuns, runsSince } from "./runs";
import type { PipelineTest } from "./test";

const POLL_MILLISECONDS = 2000;

/** Outcome of the test of one pipeline. */
export interface Outcome {
  readonly pipeline: Pipeline;
  readonly file: string;
  readonly rowsSent: number;
  readonly linesBroken: number;
  /** Absent where the file got no outcome, or was never sent. */
  readonly rowsFound?: number;
  readonly deadLetters?: number;
  readonly status?: string;
  readonly seconds: number;
  /** Cost of the runs that were started for it, in dollars; other files of theirs are in it. Absent where it is unknown. */
  readonly dollars?: number;
  /** What differs from what was sent, or why nothing came of it; empty where all is well. */
  readonly problems: readonly string[];
  readonly removed: number;
  /** What is left, and for how long. */
  readonly left: readonly string[];
}

export interface Waiting {
  /** Longest wait for a file's outcome. */
  readonly seconds: number;
  /** Receives the state of a pipeline at each look. */
  readonly progress: (pipeline: Pipeline, state: string) => void;
}

/** Thrown where a file gets no outcome. */
class NoOutcomeError extends Error {
  override readonly name = "NoOutcomeError";
}

/**
 * Sends the file of a test, waits for its outcome, compares that with what was sent, and removes all of it. An error is a
 * problem of this test alone: others go on, and remove what they sent.
 */
export async function outcomeOf(operator: Operator, test: PipelineTest, waiting: Waiting): Promise<Outcome> {
  const { pipeline, rows } = test.sent;
  const began = performance.now();
  const common = { pipeline, file: test.address, rowsSent: rows.length, linesBroken: 1 };
  const { found, problems } = await send(operator, test, waiting);
  const seconds = Math.round((performance.now() - began) / 1000);
  const [dollars, rest] = [await costOf(operator, test), await remove(test, found !== undefined)];
  return {
    ...common,
    ...(found && {
      rowsFound: found.rows.length,
      deadLetters: found.deadLetters.length,
      status: found.status,
    }),
    seconds,
    ...(dollars === undefined ? {} : { dollars }),
    problems,
    ...rest,
  };
}

async function send(
  operator: Operator,
  test: PipelineTest,
  waiting: Waiting,
): Promise<{ readonly found?: Found; readonly problems: readonly string[] }> {
  try {
    const obstacle = await test.obstacle();
    if (obstacle !== undefined) throw new NoOutcomeError(obstacle);
    await test.send();
    await ended(operator, test, waiting);
    const found = await test.found();
    return { found, problems: differences(test.sent, found, test.wanted) };
  } catch (error) {
    return { problems: [`${test.sent.pipeline}: ${messageOf(error)}`] };
  }
}

/** @throws NoOutcomeError where the file will get no outcome, or none came in time, naming what was waited for */
async function ended({ signal }: Operator, test: PipelineTest, waiting: Waiting): Promise<void> {
  const deadline = performance.now() + waiting.seconds * 1000;
  for (;;) {
    const { state, ended: isEnded, hopeless } = await test.look();
    waiting.progress(test.sent.pipeline, state);
    if (isEnded) return;
    if (hopeless !== undefined) throw new NoOutcomeError(`nothing will come of it: ${hopeless}`);
    if (signal.aborted) throw new NoOutcomeError(`interrupted while it waited for ${test.awaited}`);
    if (performance.now() > deadline) {
      throw new NoOutcomeError(
        `waited ${duration(waiting.seconds)} for ${test.awaited}, and the file is ${state}`,
      );
    }
    await sleep(POLL_MILLISECONDS, undefined, { signal }).catch(() => undefined);
  }
}

/** Cost of the runs since the test began; undefined where Glue does not say, which keeps nothing from being removed. */
async function costOf(operator: Operator, { job, isSent }: PipelineTest): Promise<number | undefined> {
  if (job === undefined || !isSent) return 0;
  try {
    return costOfRuns(await runsSince(operator, job, operator.now), Date.now());
  } catch {
    return undefined;
  }
}

/** Removes what is left of a test; a file that its pipeline may still take stays. */
async function remove(test: PipelineTest, isEnded: boolean): Promise<Pick<Outcome, "removed" | "left">> {
  const expires = `expires in ${SMOKE_DAYS} days`;
  if (!test.isSent) return { removed: 0, left: [] };
  try {
    if (!isEnded && !(await test.withdraw())) {
      return { removed: 0, left: [`${test.address}, which its pipeline may still take: ${expires}`] };
    }
    const { objects, left } = await test.remove();
    return { removed: objects, left };
  } catch (error) {
    return {
      removed: 0,
      left: [`${test.address} and its outputs: ${expires} (${messageOf(error)})`],
    };
  }
}

function messageOf(error: unknown): string {
  return (error as Error).message;
}
