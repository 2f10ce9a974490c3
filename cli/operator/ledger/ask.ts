import { InvokeCommand } from "@aws-sdk/client-lambda";
import { functionName } from "../../../environments/schema";
import type {
  LedgerAnswer,
  LedgerCommand,
  LedgerReply,
  LedgerRequest,
} from "../../../runtime/ledger/operator-protocol";
import { CommandError } from "../../../setup/errors";
import { UsageError } from "../command/errors";
import { checkOn } from "../command/needed";
import type { Operator } from "../command/operator";

/** Maximum duration of the function, and a little more. */
const LIMIT_MS = 910_000;

interface Failure {
  readonly errorMessage?: string;
}

/**
 * Sends a request to the function `ledger-operator`, which alone reaches the database. Every request may be
 * repeated: the SDK repeats a call whose answer was lost.
 *
 * @throws UsageError when the function cannot read the request
 * @throws CommandError when it fails, or where the environment has no ledger
 */
export async function ask<Command extends LedgerCommand>(
  { aws, environment }: Operator,
  command: Command,
  request: LedgerRequest<Command>,
): Promise<LedgerAnswer<Command>> {
  checkOn(environment, "ledger");
  const { Payload, FunctionError } = await aws.lambda.send(
    new InvokeCommand({
      FunctionName: functionName(environment, "ledger-operator"),
      Payload: JSON.stringify({ command, ...request }),
    }),
    { requestTimeout: LIMIT_MS },
  );
  const text = Buffer.from(Payload ?? []).toString();
  if (FunctionError !== undefined) throw failureOf(JSON.parse(text || "{}"));
  const reply: LedgerReply<LedgerAnswer<Command>> = JSON.parse(text);
  if ("unreadable" in reply) throw new UsageError(reply.unreadable);
  return reply.answer;
}

function failureOf({ errorMessage = "it does not say why" }: Failure): Error {
  return new CommandError(`ledger-operator: ${errorMessage}; ${wayOut(errorMessage)}`);
}

function wayOut(message: string): string {
  if (message.startsWith("the ledger does not answer"))
    return "is the database up? Then repeat: what was done is not done twice";
  if (/statement timeout|Task timed out/.test(message)) return "repeat when the database has less to do";
  if (/does not exist/.test(message)) return "are its migrations applied? A deploy applies them";
  return "tributary logs ledger-operator has more";
}
