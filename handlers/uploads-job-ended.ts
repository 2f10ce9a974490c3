import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { GlueClient } from "@aws-sdk/client-glue";
import { CLIENT_SETTINGS } from "../runtime/aws/clients";
import { SYSTEM_CLOCK } from "../runtime/clock";
import { readVariables } from "../runtime/variables";
import { answerJobEnd, type JobEnded } from "./uploads-job-ended/answer-job-end";

const variables = readVariables("uploads-job-ended");

const ended: JobEnded = {
  uploads: { client: new DynamoDBClient(CLIENT_SETTINGS), name: variables.UPLOADS_TABLE },
  job: { client: new GlueClient(CLIENT_SETTINGS), name: variables.JOB_NAME },
  bus: {
    client: new EventBridgeClient(CLIENT_SETTINGS),
    source: variables.ALERT_SOURCE,
    environment: variables.ENVIRONMENT,
  },
  metrics: {
    client: new CloudWatchClient(CLIENT_SETTINGS),
    namespace: variables.METRIC_NAMESPACE,
    environment: variables.ENVIRONMENT,
  },
  clock: SYSTEM_CLOCK,
};

/** The end of a job run → an alert when it failed, another run when anything is pending. */
export const handler = (event: unknown): Promise<void> => answerJobEnd(ended, event);
