import { GlueClient } from "@aws-sdk/client-glue";
import { CLIENT_SETTINGS } from "../runtime/aws/clients";
import { requestRun } from "../runtime/aws/job-run";
import { readVariables } from "../runtime/variables";

const job = { client: new GlueClient(CLIENT_SETTINGS), name: readVariables("ledger-starter").JOB_NAME };

/**
 * The schedule's rounds, and each success of the lister → one run of the batch job, which it does not wait for. A
 * start that Glue refuses is asked for again by the next round.
 */
export const handler = async (): Promise<void> => {
  await requestRun(job);
};
