import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GlueClient } from "@aws-sdk/client-glue";
import { CLIENT_SETTINGS } from "../runtime/aws/clients";
import { SYSTEM_CLOCK } from "../runtime/clock";
import { readVariables } from "../runtime/variables";
import { registerUploads, type UploadsTrigger } from "./uploads-trigger/register-uploads";

const variables = readVariables("uploads-trigger");

const trigger: UploadsTrigger = {
  uploads: { client: new DynamoDBClient(CLIENT_SETTINGS), name: variables.UPLOADS_TABLE },
  job: { client: new GlueClient(CLIENT_SETTINGS), name: variables.JOB_NAME },
  clock: SYSTEM_CLOCK,
};

/** S3 `ObjectCreated:*` → pending items in the uploads table → one run of the job, which it does not wait for. */
export const handler = (event: unknown): Promise<void> => registerUploads(trigger, event);
