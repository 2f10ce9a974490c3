import { GlueClient } from "@aws-sdk/client-glue";
import { S3Client } from "@aws-sdk/client-s3";
import { CLIENT_SETTINGS } from "../runtime/aws/clients";
import { SYSTEM_CLOCK } from "../runtime/clock";
import { readVariables } from "../runtime/variables";
import { keepAudit, type LakeAudit } from "./lake-audit/keep-audit";

const variables = readVariables("lake-audit");

const audit: Omit<LakeAudit, "remainingMs"> = {
  lake: {
    client: new S3Client({ ...CLIENT_SETTINGS, forcePathStyle: variables.S3_PATH_STYLE === "true" }),
    bucket: variables.CURATED_BUCKET,
  },
  glue: new GlueClient(CLIENT_SETTINGS),
  jobs: JSON.parse(variables.AUDITED_JOBS),
  clock: SYSTEM_CLOCK,
};

/** Merges on a schedule what jobs wrote of their files into an object an hour, and writes the runs of the jobs. */
export const handler = (_event: unknown, context: { getRemainingTimeInMillis(): number }): Promise<void> =>
  keepAudit({ ...audit, remainingMs: () => context.getRemainingTimeInMillis() });
