import { log } from "../../runtime/log";

/** Messages that must come back. One failed file fails its own messages alone. */
export class Failures {
  readonly #messages = new Map<string, Error>();

  add(messages: Iterable<string>, error: Error): void {
    for (const message of messages) {
      if (!this.#messages.has(message)) this.#messages.set(message, error);
    }
  }

  /** Runs work for messages; resolves to undefined when it failed, and records them as failed. */
  async guard<Result>(messages: Iterable<string>, run: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await run();
    } catch (thrown) {
      this.add(messages, thrown instanceof Error ? thrown : new Error(String(thrown)));
      return undefined;
    }
  }

  /** Logs each failed message with its first error, and returns their ids. */
  report(): string[] {
    for (const [messageId, error] of this.#messages) {
      log("error", "a message failed", { messageId, error: error.name, reason: error.message });
    }
    return [...this.#messages.keys()];
  }
}
