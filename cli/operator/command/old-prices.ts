import { oldPricesWarning } from "../../../runtime/prices/age";
import type { Terminal } from "./terminal";

/** Warns where prices that a command computes with were not looked at for half a year. */
export function warnOfOldPrices(terminal: Terminal, now: Date): void {
  const warning = oldPricesWarning(now);
  if (warning !== undefined) terminal.warn(warning);
}
