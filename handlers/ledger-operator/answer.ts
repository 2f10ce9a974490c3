import { UnexpectedEventError } from "../shared/errors";
import type { LedgerCommand, LedgerCommands } from "../shared/ledger/operator-protocol";
import { measure } from "./measure";
import type { LedgerOperator } from "./operator";
import { readStatus } from "./status";

type Answers = {
  readonly [Command in LedgerCommand]: (
    operator: LedgerOperator,
    request: LedgerCommands[Command]["request"],
  ) => Promise<LedgerCommands[Command]["answer"]>;
};

const ANSWERS: Answers = {
  measure: (operator) => measure(operator),
  status: ({ ledger }, { exact = false }) => readStatus(ledger, exact),
};

/**
 * Does what a request asks.
 * @throws UnexpectedEventError where it is none
 */
export function answer(operator: LedgerOperator, request: unknown): Promise<unknown> {
  const { command } = (request ?? {}) as { command?: string };
  if (command === undefined || !Object.hasOwn(ANSWERS, command)) {
    throw new UnexpectedEventError(
      `a request with one of the commands ${Object.keys(ANSWERS).join(", ")}`,
      request,
    );
  }
  const perform = ANSWERS[command as LedgerCommand] as (
    operator: LedgerOperator,
    request: unknown,
  ) => Promise<unknown>;
  return perform(operator, request);
}
