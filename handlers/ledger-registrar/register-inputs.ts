import { DatabaseError } from "pg";
import { emitMetrics } from "../../runtime/aws/embedded-metrics";
import type { BatchResponse, Message } from "../../runtime/aws/queue-messages";
import { registerFiles } from "../../runtime/ledger/register-files";
import { log } from "../../runtime/log";
import { type Inputs, readInputs } from "./read-inputs";
import type { Registrar } from "./registrar";

/** Part of the invocation's time that is kept for the answer. */
const RESERVE_MS = 3_000;
/**
 * SQLSTATE classes about the values: data exceptions, broken constraints, and limits such as an index row's.
 */
const OF_VALUES = /^(22|23|54)/;

/**
 * Registers the files of a batch of messages, in one transaction, and returns the messages that must come
 * back: those that cannot be read, or all where the ledger does not answer. Repeating it changes nothing.
 */
export async function registerInputs(
  registrar: Registrar,
  messages: readonly Message[],
  remainingMs: () => number,
): Promise<BatchResponse> {
  const inputs = messages.map((message) => readInputs(registrar.wanted, message));
  const failures = new Map<string, Error>();
  for (const { messageId, error } of inputs) if (error) failures.set(messageId, error);
  const added = await register(registrar, inputs, remainingMs, failures);
  for (const [messageId, { name, message }] of failures) {
    log("error", "a message must come back", { messageId, error: name, reason: message });
  }
  const sum = (count: (one: Inputs) => number) => inputs.reduce((total, one) => total + count(one), 0);
  emitMetrics(
    registrar.metrics,
    [
      { name: "LedgerFilesAnnounced", value: sum(({ files }) => files.length), unit: "Count" },
      { name: "LedgerFilesRegistered", value: added, unit: "Count" },
      { name: "LedgerRecordsIgnored", value: sum(({ ignored }) => ignored), unit: "Count" },
      { name: "LedgerRecordsRefused", value: sum(({ refused }) => refused), unit: "Count" },
      { name: "LedgerMessagesFailed", value: failures.size, unit: "Count" },
    ],
    { messages: messages.length },
  );
  return { batchItemFailures: [...failures.keys()].map((itemIdentifier) => ({ itemIdentifier })) };
}

/**
 * Registers all files in one statement; one message after another where the server rejects some value, so
 * that it stops no other message.
 */
async function register(
  registrar: Registrar,
  inputs: readonly Inputs[],
  remainingMs: () => number,
  failures: Map<string, Error>,
): Promise<number> {
  const files = inputs.flatMap((one) => one.files);
  if (files.length === 0) return 0;
  try {
    return await registrar.ledger.repeatedly(
      (client) => registerFiles(client, files),
      remainingMs() - RESERVE_MS,
    );
  } catch (error) {
    if (inputs.length > 1 && isOfValues(error)) {
      let added = 0;
      for (const one of inputs) added += await register(registrar, [one], remainingMs, failures);
      return added;
    }
    for (const one of inputs) if (one.files.length > 0) failures.set(one.messageId, error as Error);
    return 0;
  }
}

function isOfValues(error: unknown): boolean {
  return error instanceof DatabaseError && OF_VALUES.test(error.code ?? "");
}
