import { setTimeout as sleep } from "node:timers/promises";
import { eventOf, fitting, type Received } from "./event";
import type { Mapping } from "./mapping";
import { type Answer, failuresOf } from "./outcome";
import type { Queue } from "./queue";

/**
 * Maximum time that a receive waits for a message. SQS allows 20 seconds; but no receive is aborted at the
 * end, for what it may have taken would be invisible until its visibility timeout.
 */
const WAIT_SECONDS = 1;
/** Rest between two looks at the queue within the last second of a window. */
const SHORT_POLL_MILLISECONDS = 50;

/** Calls a function and gives its answer. @throws Error where Lambda itself refuses, such as for throttling. */
export type Invoke = (functionArn: string, payload: string) => Promise<Answer>;

export interface PollerOptions {
  readonly mapping: Pick<
    Mapping,
    "functionArn" | "queueArn" | "batchSize" | "windowSeconds" | "reportsFailures"
  >;
  readonly queue: Queue;
  readonly invoke: Invoke;
  /** Aborts what waits: no batch begins after it, and one that is with the function is finished. */
  readonly signal: AbortSignal;
  readonly warn: (message: string) => void;
  /** Rest after the first refusal or failure, doubled with each further one, at most `longestRest`. */
  readonly restMilliseconds: number;
  readonly longestRestMilliseconds: number;
}

/** Gathers messages into batches and hands them to the function, one batch after another. */
export class Poller {
  private waiting: Received[] = [];
  private failures = 0;

  constructor(private readonly options: PollerOptions) {}

  /**
   * Gathers a batch: until it has its size or Lambda's 6 MB, or its window, which opens with its first message, has
   * passed. Empty where no message came, or the end did.
   */
  async gather(): Promise<readonly Received[]> {
    const { mapping, queue, signal } = this.options;
    if (this.waiting.length === 0) {
      this.waiting = await queue.receive(mapping.batchSize, WAIT_SECONDS);
    }
    const closes = (this.waiting[0]?.at ?? 0) + mapping.windowSeconds * 1000;
    for (;;) {
      const fit = fitting(this.waiting, mapping.batchSize);
      const left = closes - performance.now();
      if (fit < this.waiting.length || fit === mapping.batchSize || left <= 0)
        return this.waiting.splice(0, fit);
      signal.throwIfAborted();
      const more = await queue.receive(
        mapping.batchSize - fit,
        left < WAIT_SECONDS * 1000 ? 0 : WAIT_SECONDS,
      );
      this.waiting.push(...more);
      if (more.length === 0) await sleep(SHORT_POLL_MILLISECONDS, undefined, { signal });
    }
  }

  /** Has the function work on a batch, and deletes what it did; the rest returns by its visibility timeout. */
  async deliver(batch: readonly Received[]): Promise<void> {
    const { mapping, queue, signal, warn } = this.options;
    const answer = await this.answerTo(batch);
    if (answer === undefined) return;
    const ids = new Set(batch.map(({ messageId }) => messageId));
    const { failed, reason } = failuresOf(answer, mapping.reportsFailures, ids);
    if (failed !== "all") {
      this.failures = 0;
      await queue.remove(batch.filter(({ messageId }) => !failed.has(messageId)));
      return;
    }
    warn(`${mapping.functionArn} failed with ${batch.length} messages: ${reason}`);
    // Lambda does not slow down where the function tells its failures apart.
    if (!mapping.reportsFailures) await this.rest(signal);
  }

  /** Gives back what was received and is in no batch yet. */
  async end(): Promise<void> {
    await this.options.queue.giveBack(this.waiting.splice(0));
  }

  /**
   * Answer of the function; undefined where Lambda refused until the messages were visible again, or the end
   * came.
   */
  private async answerTo(batch: readonly Received[]): Promise<Answer | undefined> {
    const { mapping, queue, invoke, signal, warn } = this.options;
    const visibleAgain = Math.min(...batch.map(({ at }) => at)) + queue.visibilitySeconds * 1000;
    while (performance.now() < visibleAgain) {
      try {
        return await invoke(mapping.functionArn, eventOf(batch));
      } catch (error) {
        warn(`${mapping.functionArn} cannot be invoked: ${(error as Error).message}`);
        await this.rest(signal);
      }
    }
    return undefined;
  }

  /**
   * Waits, longer with each consecutive failure.
   *
   * @throws AbortError at the end
   */
  async rest(signal: AbortSignal): Promise<void> {
    const { restMilliseconds, longestRestMilliseconds } = this.options;
    const milliseconds = Math.min(restMilliseconds * 2 ** this.failures, longestRestMilliseconds);
    this.failures += 1;
    await sleep(milliseconds, undefined, { signal });
  }
}
