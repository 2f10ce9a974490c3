import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { GlueClient } from "@aws-sdk/client-glue";
import { S3Client } from "@aws-sdk/client-s3";
import { CLIENT_SETTINGS } from "../runtime/aws/clients";
import { SYSTEM_CLOCK } from "../runtime/clock";
import { readVariables } from "../runtime/variables";
import { answer } from "./control-plane/answer";
import type { ControlPlane } from "./control-plane/plane";

const variables = readVariables("control-plane");

const dynamo = new DynamoDBClient(CLIENT_SETTINGS);
const glue = new GlueClient(CLIENT_SETTINGS);
const s3 = new S3Client({ ...CLIENT_SETTINGS, forcePathStyle: variables.S3_PATH_STYLE === "true" });

const plane: Omit<ControlPlane, "remainingMs"> = {
  tracking: { client: dynamo, name: variables.TRACKING_TABLE, shards: Number(variables.TRACKING_SHARDS) },
  metrics: { client: dynamo, name: variables.METRICS_TABLE },
  control: { client: dynamo, name: variables.CONTROL_TABLE },
  manifests: { client: s3, name: variables.MANIFESTS_BUCKET },
  job: { client: glue, name: variables.JOB_NAME, workers: Number(variables.WORKERS) },
  catalog: { client: glue, database: variables.DATABASE },
  bus: {
    client: new EventBridgeClient(CLIENT_SETTINGS),
    source: variables.ALERT_SOURCE,
    environment: variables.ENVIRONMENT,
  },
  emf: { namespace: variables.METRIC_NAMESPACE, environment: variables.ENVIRONMENT },
  clock: SYSTEM_CLOCK,
};

/** `ManifestProcessed`, ends of runs and the minute's tick → the state tables, the metrics, the next run. */
export const handler = (event: unknown, context: { getRemainingTimeInMillis(): number }): Promise<void> =>
  answer({ ...plane, remainingMs: () => context.getRemainingTimeInMillis() }, event);
