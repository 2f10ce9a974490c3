import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { CLIENT_SETTINGS } from "../runtime/aws/clients";
import type { BatchResponse, Message } from "../runtime/aws/queue-messages";
import { SYSTEM_CLOCK } from "../runtime/clock";
import { readDeclared } from "../runtime/declared";
import { byLongestPrefix } from "../runtime/manifests/datasets";
import { readVariables } from "../runtime/variables";
import { AT_ONCE, buildManifests } from "./manifests-builder/build-manifests";
import type { Builder } from "./manifests-builder/builder";

const variables = readVariables("manifests-builder");

/**
 * Settings of the clients. The builder repeats calls itself, too: more attempts of the SDK would only
 * multiply.
 */
const CLIENT = {
  ...CLIENT_SETTINGS,
  maxAttempts: 3,
  requestHandler: { ...CLIENT_SETTINGS.requestHandler, httpsAgent: { maxSockets: AT_ONCE } },
};

const s3 = new S3Client({ ...CLIENT, forcePathStyle: variables.S3_PATH_STYLE === "true" });

const builder: Builder = {
  table: {
    client: new DynamoDBClient(CLIENT),
    name: variables.TRACKING_TABLE,
    shards: Number(variables.TRACKING_SHARDS),
  },
  manifests: { client: s3, name: variables.MANIFESTS_BUCKET },
  quarantine: { client: s3, name: variables.QUARANTINE_BUCKET },
  ...(variables.AUDIT_BUCKET !== "none" && { audit: { client: s3, name: variables.AUDIT_BUCKET } }),
  settings: {
    datasets: byLongestPrefix(readDeclared<"manifests-builder">().datasets),
    limits: { bytes: Number(variables.MANIFEST_BYTES), files: Number(variables.MANIFEST_FILES) },
  },
  claimMs: Number(variables.CLAIM_SECONDS) * 1_000,
  metrics: { namespace: variables.METRIC_NAMESPACE, environment: variables.ENVIRONMENT },
  clock: SYSTEM_CLOCK,
};

/** S3 events in SQS messages → claims in the tracking table → manifests, which S3 announces to the streaming job. */
export const handler = (
  event: { Records: readonly Message[] },
  context: { getRemainingTimeInMillis(): number },
): Promise<BatchResponse> => buildManifests(builder, event.Records, () => context.getRemainingTimeInMillis());
