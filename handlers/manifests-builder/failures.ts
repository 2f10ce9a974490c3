import { log } from "../../runtime/log";

/** The messages that must come back. One failed file fails its own messages alone. */
export class Failures {
  readonly #messages = new Map<string, Error>();

  add(messages: Iterable<string>, error: Error): void {
    for (const message of messages) {
      if (!this.#messages.has(message)) this.#messages.set(message, error);
    }
  }

  /** What `run` gives; undefined when it failed, and these messages with it. */
  async guard<Result>(messages: Iterable<string>, run: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await run();
    } catch (thrown) {
      this.add(messages, thrown instanceof Error ? thrown : new Error(String(thrown)));
      return undefined;
    }
  }

  /** Ids of the messages, each of which is logged with its first error. */
  report(): string[] {
    for (const [messageId, error] of this.#messages) {
      log("error", "a message failed", { messageId, error: error.name, reason: error.message });
    }
    return [...this.#messages.keys()];
  }
}
