import { S3Client } from "@aws-sdk/client-s3";
import { STSClient } from "@aws-sdk/client-sts";
import { type Environment, loadEnvironment, stateBucketName } from "../environments/schema";
import { expectedAt } from "../runtime/expected";
import { command, runToExitCode } from "../setup/command";
import { CommandError } from "../setup/errors";
import { print, printError } from "../setup/terminal";
import { ensureTerraform } from "../setup/terraform";
import { checkAccount } from "./account";
import { applyingWords, runCdktf } from "./cdktf";
import { checkDestruction } from "./removal/removal";
import { isEmptyStateBucket, removeStateBucket } from "./remove-state-bucket";

interface DestroyOptions {
  readonly environment: string;
  readonly autoApprove?: boolean;
  readonly output?: string;
  readonly stateBucket?: boolean;
  readonly yes?: boolean;
}

/** Destroys the environment's stacks, each before those that it depends on; or removes the bucket of their states. */
async function destroy(environment: Environment, options: DestroyOptions): Promise<number> {
  const { name, region, storage, deletionGuard } = environment;
  await checkAccount(new STSClient({ region }), environment);
  if (options.stateBucket) {
    const s3 = new S3Client({ region, forcePathStyle: storage.pathStyle });
    await destroyStateBucket(s3, stateBucketName(environment), options.yes);
    return 0;
  }
  if (deletionGuard) {
    const where = `environments/${name}.ts: deletionGuard`;
    throw new CommandError(`${expectedAt(where, "false", true)}; set it, deploy, and destroy then`);
  }
  await checkDestruction(environment);
  const terraform = await ensureTerraform(printError);
  const words = [
    ...["destroy", `${name}-*`, ...applyingWords(options)],
    ...(options.output === undefined ? [] : ["--output", options.output]),
  ];
  return runCdktf(words, { ...terraform.environment, TRIBUTARY_ENVIRONMENT: name });
}

async function destroyStateBucket(s3: S3Client, bucket: string, yes = false): Promise<void> {
  if (!(await isEmptyStateBucket(s3, bucket))) {
    print(`state bucket ${bucket} is not there`);
  } else if (yes) {
    await removeStateBucket(s3, bucket);
    print(`state bucket ${bucket} removed`);
  } else {
    print(`would be removed: state bucket ${bucket}, whose states are all empty; --yes does it`);
  }
}

command("destroy", "Destroy the environment's five stacks in the reverse order of a deploy, with all data.")
  .requiredOption("--environment <name>", "environment to destroy")
  .option("--auto-approve", "destroy without asking")
  .option("--state-bucket", "destroy no stack: remove the bucket of Terraform's states, once all are empty")
  .option("--yes", "with --state-bucket: remove it; without, it is only shown")
  .option("--output <folder>", "folder of the synthesized stacks (default: cdktf.out)")
  .action((options: DestroyOptions) =>
    runToExitCode(() => destroy(loadEnvironment(options.environment), options)),
  )
  .parseAsync();
