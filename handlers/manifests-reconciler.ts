import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { CLIENT_SETTINGS } from "../runtime/aws/clients";
import { SYSTEM_CLOCK } from "../runtime/clock";
import { readDeclared } from "../runtime/declared";
import { byLongestPrefix } from "../runtime/manifests/datasets";
import { readVariables } from "../runtime/variables";
import { reconcile } from "./manifests-reconciler/reconcile";
import type { ManifestsReconciler } from "./manifests-reconciler/reconciler";

const variables = readVariables("manifests-reconciler");

const dynamo = new DynamoDBClient(CLIENT_SETTINGS);
const s3 = new S3Client({ ...CLIENT_SETTINGS, forcePathStyle: variables.S3_PATH_STYLE === "true" });
const sqs = new SQSClient(CLIENT_SETTINGS);

const reconciler: Omit<ManifestsReconciler, "remainingMs"> = {
  tracking: { client: dynamo, name: variables.TRACKING_TABLE, shards: Number(variables.TRACKING_SHARDS) },
  control: { client: dynamo, name: variables.CONTROL_TABLE },
  raw: { client: s3, name: variables.RAW_BUCKET },
  manifests: { client: s3, name: variables.MANIFESTS_BUCKET },
  curated: { client: s3, name: variables.CURATED_BUCKET },
  datasets: byLongestPrefix(readDeclared<"manifests-reconciler">().datasets),
  inputsQueue: { client: sqs, url: variables.INPUTS_QUEUE_URL },
  manifestsQueue: { client: sqs, url: variables.MANIFESTS_QUEUE_URL },
  controlPlane: { client: new LambdaClient(CLIENT_SETTINGS), name: variables.CONTROL_PLANE },
  emf: { namespace: variables.METRIC_NAMESPACE, environment: variables.ENVIRONMENT },
  clock: SYSTEM_CLOCK,
  graceMs: Number(variables.GRACE_SECONDS) * 1_000,
};

/** Repairs on a schedule what no event announced, or what was announced and lost. */
export const handler = (_event: unknown, context: { getRemainingTimeInMillis(): number }): Promise<void> =>
  reconcile({ ...reconciler, remainingMs: () => context.getRemainingTimeInMillis() });
