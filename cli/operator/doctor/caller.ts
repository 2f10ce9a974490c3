import { GetCallerIdentityCommand, type STSClient } from "@aws-sdk/client-sts";
import { awsClock } from "../command/aws-clock";

/** Owner of the credentials. */
export interface Caller {
  readonly account: string;
  readonly arn: string;
  /** Milliseconds by which AWS's clock is ahead of this machine's, up to a second more. */
  readonly aheadMilliseconds: number;
}

export async function callerOf(sts: STSClient): Promise<Caller> {
  const clock = awsClock(sts);
  const { Account = "", Arn = "" } = await sts.send(new GetCallerIdentityCommand({}));
  return { account: Account, arn: Arn, aheadMilliseconds: clock().getTime() - Date.now() };
}
