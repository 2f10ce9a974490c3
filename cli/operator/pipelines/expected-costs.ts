import { expectedText } from "../../costs/expected-text";
import { total } from "../../costs/model/cost";
import { expectedCosts } from "../../costs/model/expected";
import { EXIT, type ExitCode } from "../command/exit-codes";
import { warnOfOldPrices } from "../command/old-prices";
import type { CommonOptions } from "../command/run";
import { environmentOf } from "../command/settings";
import type { Terminal } from "../command/terminal";

/** Shows what an environment is expected to cost a month, by its settings alone: no account is asked. */
export function showExpectedCosts(
  terminal: Terminal,
  { environment: asked }: CommonOptions,
  now = new Date(),
): ExitCode {
  const environment = environmentOf(asked);
  const costs = expectedCosts(environment);
  const { name, usage } = environment;
  warnOfOldPrices(terminal, now);
  terminal.show(
    { environment: name, usage, dollarsPerMonth: total(costs), costs },
    `${name}\n\n${expectedText(environment, costs)}`,
  );
  return EXIT.ok;
}
