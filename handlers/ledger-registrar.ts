import { registerInputs } from "./ledger-registrar/register-inputs";
import type { Registrar } from "./ledger-registrar/registrar";
import { LedgerConnection } from "./shared/ledger/connection";
import type { BatchResponse, Message } from "./shared/queue-messages";
import { readVariables } from "./shared/variables";

const variables = readVariables("ledger-registrar");

const registrar: Registrar = {
  ledger: new LedgerConnection(variables, {
    login: "tributary_registrar",
    role: "ledger_lister",
    application: "tributary registrar",
  }),
  wanted: { prefix: variables.RAW_JSON_PREFIX, startYear: Number(variables.START_YEAR) },
  metrics: { namespace: variables.METRIC_NAMESPACE, environment: variables.ENVIRONMENT },
};

/** S3 events in SQS messages → files of the ledger, so that no file waits for the next listing. */
export const handler = (
  event: { Records: readonly Message[] },
  context: { getRemainingTimeInMillis(): number },
): Promise<BatchResponse> =>
  registerInputs(registrar, event.Records, () => context.getRemainingTimeInMillis());
