import type {
  LedgerAnswer,
  LedgerCommand,
  LedgerReply,
  LedgerRequest,
} from "../../runtime/ledger/operator-protocol";
import { describeBatch } from "./batch";
import { UnreadableRequestError } from "./errors";
import { findFiles, readFiles } from "./files";
import { measure } from "./measure";
import type { LedgerOperator } from "./operator";
import { retryQuarantined } from "./quarantine";
import { releaseBatch, requeueFailed, retryFiles } from "./reopen";
import { replay } from "./replay";
import { forgetSmokeTest } from "./smoke";
import { readStatus } from "./status";
import { checkVacuum } from "./vacuum";

type Answers = {
  readonly [Command in LedgerCommand]: (
    operator: LedgerOperator,
    request: LedgerRequest<Command>,
  ) => Promise<LedgerAnswer<Command>>;
};

const ANSWERS: Answers = {
  measure,
  status: ({ ledger }, { exact = false }) => readStatus(ledger, exact),
  files: ({ ledger }, request) => readFiles(ledger, request),
  find: ({ ledger }, { names }) => findFiles(ledger, names),
  batch: ({ ledger }, { batch }) => describeBatch(ledger, batch),
  release: ({ ledger }, { batch, ...how }) => releaseBatch(ledger, batch, how),
  retry: ({ ledger }, { names, ...how }) => retryFiles(ledger, names, how),
  requeue: ({ ledger }, { sinceMinutes, after = 0, ...how }) =>
    requeueFailed(ledger, sinceMinutes, after, how),
  "retry-quarantined": ({ ledger }, { names, dryRun = false }) => retryQuarantined(ledger, names, dryRun),
  replay,
  "vacuum-check": ({ ledger }) => checkVacuum(ledger),
  "forget-smoke-test": ({ ledger }, { key }) => forgetSmokeTest(ledger, key),
};

/**
 * Executes a request and returns its answer, or what is wrong with it.
 *
 * @throws LedgerUnreachableError when the ledger cannot be reached, or the time is over
 */
export async function answer(operator: LedgerOperator, request: unknown): Promise<LedgerReply<unknown>> {
  try {
    return { answer: await perform(operator, request) };
  } catch (error) {
    if (error instanceof UnreadableRequestError) return { unreadable: error.message };
    throw error;
  }
}

function perform(operator: LedgerOperator, request: unknown): Promise<unknown> {
  const { command } = (request ?? {}) as { command?: string };
  if (command === undefined || !Object.hasOwn(ANSWERS, command)) {
    throw new UnreadableRequestError("command", command, `one of ${Object.keys(ANSWERS).join(", ")}`);
  }
  const performed = ANSWERS[command as LedgerCommand] as (
    operator: LedgerOperator,
    request: unknown,
  ) => Promise<unknown>;
  return performed(operator, request);
}
