import type { BatchResponse, Message } from "../runtime/aws/queue-messages";
import { readDeclared } from "../runtime/declared";
import { LedgerConnection } from "../runtime/ledger/connection";
import { readVariables } from "../runtime/variables";
import { registerInputs } from "./ledger-registrar/register-inputs";
import type { Registrar } from "./ledger-registrar/registrar";

const variables = readVariables("ledger-registrar");

const registrar: Registrar = {
  ledger: new LedgerConnection(variables, {
    login: "tributary_registrar",
    role: "ledger_registrar",
    application: "tributary registrar",
  }),
  wanted: { ...readDeclared<"ledger-registrar">(), startYear: Number(variables.START_YEAR) },
  metrics: { namespace: variables.METRIC_NAMESPACE, environment: variables.ENVIRONMENT },
};

/** S3 events in SQS messages → files of the ledger, so that no file waits for the next listing. */
export const handler = (
  event: { Records: readonly Message[] },
  context: { getRemainingTimeInMillis(): number },
): Promise<BatchResponse> =>
  registerInputs(registrar, event.Records, () => context.getRemainingTimeInMillis());
