import { SetUpError } from "./errors";

const controller = new AbortController();

/** Aborted when the set-up of this process is no longer wanted. */
export const setUpInterruption: AbortSignal = controller.signal;

/** Ends the set-up's programs and its waits for locks, for good: this process is about to end. Safe to repeat. */
export function interruptSetUp(): void {
  controller.abort(new SetUpError("the set-up was interrupted"));
}
