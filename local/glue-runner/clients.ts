import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { S3Client } from "@aws-sdk/client-s3";
import { assumeRole, type Credentials } from "../emulator/assume-role";
import { REGION, ROOT_CREDENTIALS } from "../emulator/emulator";

/** Credentials of a job's role, under AWS's own name for the session of a Glue run. */
export function assumeJobRole(endpoint: string, role: string, runId: string): Promise<Credentials> {
  return assumeRole(endpoint, role, `GlueJobRunnerSession-${runId.slice(3, 19)}`);
}

export function s3Client(endpoint: string, credentials: Credentials): S3Client {
  return new S3Client({ endpoint, region: REGION, credentials, forcePathStyle: true });
}

export function logsClient(endpoint: string, credentials: Credentials): CloudWatchLogsClient {
  return new CloudWatchLogsClient({ endpoint, region: REGION, credentials });
}

/** Events of Glue come from Glue itself, not from a job's role. */
export function eventsClient(endpoint: string): EventBridgeClient {
  return new EventBridgeClient({ endpoint, region: REGION, credentials: ROOT_CREDENTIALS });
}
