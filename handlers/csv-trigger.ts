import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GlueClient } from "@aws-sdk/client-glue";
import { type CsvTrigger, registerUploads } from "./csv-trigger/register-uploads";
import { CLIENT_SETTINGS } from "./shared/clients";
import { SYSTEM_CLOCK } from "./shared/clock";
import { readVariables } from "./shared/variables";

const variables = readVariables("csv-trigger");

const trigger: CsvTrigger = {
  uploads: { client: new DynamoDBClient(CLIENT_SETTINGS), name: variables.UPLOADS_TABLE },
  job: { client: new GlueClient(CLIENT_SETTINGS), name: variables.JOB_NAME },
  clock: SYSTEM_CLOCK,
};

/** S3 `ObjectCreated:*` → pending items in the uploads table → one run of the job, which it does not wait for. */
export const handler = (event: unknown): Promise<void> => registerUploads(trigger, event);
