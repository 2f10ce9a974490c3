import { LedgerConnection } from "../runtime/ledger/connection";
import { readVariables } from "../runtime/variables";
import { answer } from "./ledger-operator/answer";
import { ledgerOf } from "./ledger-operator/ledger";

const variables = readVariables("ledger-operator");

const connection = new LedgerConnection(variables, {
  login: "tributary_operator",
  application: "ledger-operator",
});
const emf = { namespace: variables.METRIC_NAMESPACE, environment: variables.ENVIRONMENT };

/** Request of the command line, or the schedule's `{"command": "measure"}` → its answer. */
export const handler = async (
  request: unknown,
  context: { getRemainingTimeInMillis(): number },
): Promise<unknown> => {
  const remainingMs = () => context.getRemainingTimeInMillis();
  return answer({ ledger: ledgerOf(connection, remainingMs), emf, remainingMs }, request);
};
