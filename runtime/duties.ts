import { DutiesFailedError } from "./errors";
import { log } from "./log";

/**
 * Duties of one invocation that must not stop each other: each is attempted, each failure is logged when it
 * happens, and `finish` throws them together, so that Lambda retries and then keeps the event.
 */
export class Duties {
  readonly #failures: { duty: string; error: Error }[] = [];

  /** Attempts a duty; resolves to the result of `run`, or to undefined when it failed. */
  async attempt<T>(duty: string, run: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await run();
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      this.#failures.push({ duty, error });
      log("error", "a duty failed", { duty, error: error.name, reason: error.message });
      return undefined;
    }
  }

  /**
   * Ends the invocation.
   *
   * @throws DutiesFailedError when any duty failed
   */
  finish(): void {
    if (this.#failures.length > 0) throw new DutiesFailedError(this.#failures);
  }
}
