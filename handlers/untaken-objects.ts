import { S3Client } from "@aws-sdk/client-s3";
import { CLIENT_SETTINGS } from "../runtime/aws/clients";
import { readDeclared } from "../runtime/declared";
import { readVariables } from "../runtime/variables";
import { tellUntaken, type UntakenObjects } from "./untaken-objects/tell-untaken";

const variables = readVariables("untaken-objects");

const untaken: UntakenObjects = {
  bucket: {
    client: new S3Client({ ...CLIENT_SETTINGS, forcePathStyle: variables.S3_PATH_STYLE === "true" }),
    name: variables.RAW_BUCKET,
  },
  ...readDeclared<"untaken-objects">(),
  metrics: { namespace: variables.METRIC_NAMESPACE, environment: variables.ENVIRONMENT },
};

/** Counts on a schedule the objects of the raw bucket that no dataset takes, of which no event tells. */
export const handler = (): Promise<void> => tellUntaken(untaken);
