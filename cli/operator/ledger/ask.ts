import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { functionName } from "../../../environments";
import { CLIENT_SETTINGS } from "../../../handlers/shared/clients";
import type {
  LedgerAnswer,
  LedgerCommand,
  LedgerRequest,
} from "../../../handlers/shared/ledger/operator-protocol";
import { CommandError } from "../../command";
import { UsageError } from "../errors";
import type { Operator } from "../operator";

/** The longest that the function runs, and a little more. */
const LIMIT_MS = 910_000;

interface Failure {
  readonly errorType?: string;
  readonly errorMessage?: string;
}

/**
 * Asks the function `ledger-operator`, which alone reaches the database. All that it does may be asked twice: the SDK
 * repeats a call whose answer was lost.
 *
 * @throws UsageError when it cannot read the request; CommandError when it fails
 */
export async function ask<Command extends LedgerCommand>(
  { environment }: Operator,
  command: Command,
  request: LedgerRequest<Command>,
): Promise<LedgerAnswer<Command>> {
  const client = new LambdaClient({
    ...CLIENT_SETTINGS,
    region: environment.region,
    requestHandler: { ...CLIENT_SETTINGS.requestHandler, requestTimeout: LIMIT_MS },
  });
  try {
    const { Payload, FunctionError } = await client.send(
      new InvokeCommand({
        FunctionName: functionName(environment, "ledger-operator"),
        Payload: JSON.stringify({ command, ...request }),
      }),
    );
    const answer = JSON.parse(Buffer.from(Payload ?? []).toString() || "null");
    if (FunctionError === undefined) return answer;
    throw failureOf(answer ?? {});
  } finally {
    client.destroy();
  }
}

function failureOf({ errorType = "Error", errorMessage = "it does not say why" }: Failure): Error {
  if (errorType === "UnreadableRequestError") return new UsageError(errorMessage);
  return new CommandError(`ledger-operator: ${errorMessage}; ${wayOut(errorType, errorMessage)}`);
}

function wayOut(type: string, message: string): string {
  if (type === "LedgerUnreachableError")
    return "is the database up? Then repeat: what was done is not done twice";
  if (/statement timeout|Task timed out/.test(message)) return "repeat when the database has less to do";
  if (/does not exist/.test(message)) return "are its migrations applied? A deploy applies them";
  return "tributary logs ledger-operator has more";
}
