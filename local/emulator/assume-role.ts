import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { ACCOUNT, REGION, ROOT_CREDENTIALS } from "./emulator";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

/** The emulator's longest session: a run may take hours. */
const SESSION_SECONDS = 12 * 3600;
const NAME_CHARACTERS = 64;

/** Assumes a role, given by name or ARN, as the service does that works in its name. */
export async function assumeRole(endpoint: string, role: string, session: string): Promise<Credentials> {
  const sts = new STSClient({ endpoint, region: REGION, credentials: ROOT_CREDENTIALS });
  try {
    const { Credentials: given } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: role.startsWith("arn:") ? role : `arn:aws:iam::${ACCOUNT}:role/${role}`,
        RoleSessionName: session.slice(0, NAME_CHARACTERS),
        DurationSeconds: SESSION_SECONDS,
      }),
    );
    if (!given?.AccessKeyId || !given.SecretAccessKey || !given.SessionToken || !given.Expiration) {
      throw new Error(`the emulator gave no credentials of role ${role}`);
    }
    return {
      accessKeyId: given.AccessKeyId,
      secretAccessKey: given.SecretAccessKey,
      sessionToken: given.SessionToken,
      expiration: given.Expiration,
    };
  } finally {
    sts.destroy();
  }
}
