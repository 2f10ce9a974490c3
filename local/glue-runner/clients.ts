import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { S3Client } from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { ACCOUNT, REGION, ROOT_CREDENTIALS } from "../emulator/emulator";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** The emulator's longest session: a run may take hours. */
const SESSION_SECONDS = 12 * 3600;

/** Credentials of a job's role, given by name or ARN. */
export async function assumeJobRole(endpoint: string, role: string, runId: string): Promise<Credentials> {
  const sts = new STSClient({ endpoint, region: REGION, credentials: ROOT_CREDENTIALS });
  try {
    const { Credentials: given } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: role.startsWith("arn:") ? role : `arn:aws:iam::${ACCOUNT}:role/${role}`,
        // AWS's own name for the session of a Glue run; it allows 64 characters.
        RoleSessionName: `GlueJobRunnerSession-${runId.slice(3, 19)}`,
        DurationSeconds: SESSION_SECONDS,
      }),
    );
    if (!given?.AccessKeyId || !given.SecretAccessKey || !given.SessionToken) {
      throw new Error(`the emulator gave no credentials of role ${role}`);
    }
    return {
      accessKeyId: given.AccessKeyId,
      secretAccessKey: given.SecretAccessKey,
      sessionToken: given.SessionToken,
    };
  } finally {
    sts.destroy();
  }
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
