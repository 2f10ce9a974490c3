import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import type { Operator } from "./operator";

/** ARN of who asks, for what books say of who did something. */
export async function caller({ aws }: Operator): Promise<string> {
  const { Arn = "unknown" } = await aws.sts.send(new GetCallerIdentityCommand({}));
  return Arn;
}
