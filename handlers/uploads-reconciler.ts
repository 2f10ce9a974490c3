import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GlueClient } from "@aws-sdk/client-glue";
import { S3Client } from "@aws-sdk/client-s3";
import { CLIENT_SETTINGS } from "../runtime/aws/clients";
import { SYSTEM_CLOCK } from "../runtime/clock";
import { readDeclared } from "../runtime/declared";
import { readVariables } from "../runtime/variables";
import { type Reconciler, reconcile } from "./uploads-reconciler/reconcile";

const variables = readVariables("uploads-reconciler");

const reconciler: Omit<Reconciler, "remainingMs"> = {
  uploads: { client: new DynamoDBClient(CLIENT_SETTINGS), name: variables.UPLOADS_TABLE },
  raw: {
    client: new S3Client({ ...CLIENT_SETTINGS, forcePathStyle: variables.S3_PATH_STYLE === "true" }),
    name: variables.RAW_BUCKET,
    prefixes: readDeclared<"uploads-reconciler">().prefixes,
  },
  job: { client: new GlueClient(CLIENT_SETTINGS), name: variables.JOB_NAME },
  metrics: {
    client: new CloudWatchClient(CLIENT_SETTINGS),
    namespace: variables.METRIC_NAMESPACE,
    environment: variables.ENVIRONMENT,
  },
  clock: SYSTEM_CLOCK,
  graceMs: Number(variables.GRACE_SECONDS) * 1_000,
};

/**
 * Repairs on a schedule: starts a run for pending uploads without one, and registers objects that no event
 * announced.
 */
export const handler = (_event: unknown, context: { getRemainingTimeInMillis(): number }): Promise<void> =>
  reconcile({ ...reconciler, remainingMs: () => context.getRemainingTimeInMillis() });
