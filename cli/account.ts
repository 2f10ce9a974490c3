import { GetCallerIdentityCommand, type STSClient } from "@aws-sdk/client-sts";
import type { Environment } from "../environments/schema";
import { expectedAt } from "../runtime/expected";
import { CommandError } from "../setup/errors";

/**
 * Checks that the credentials belong to the environment's account.
 *
 * @throws CommandError when they belong to another, or when there are none that work
 */
export async function checkAccount(sts: STSClient, environment: Environment): Promise<void> {
  const account = await accountOf(sts);
  if (account === environment.account) return;
  throw new CommandError(
    expectedAt(
      "credentials",
      `those of account ${environment.account} (environments/${environment.name}.ts: account)`,
      account,
    ),
  );
}

async function accountOf(sts: STSClient): Promise<string | undefined> {
  try {
    return (await sts.send(new GetCallerIdentityCommand({}))).Account;
  } catch (error) {
    const reason = error instanceof Error && error.message ? error.message : String(error);
    throw new CommandError(
      `AWS does not say whose credentials these are (${reason}); set AWS_PROFILE, or sign in again`,
      { cause: error },
    );
  }
}
