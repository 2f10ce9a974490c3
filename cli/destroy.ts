import { S3Client } from "@aws-sdk/client-s3";
import { STSClient } from "@aws-sdk/client-sts";
import { type Environment, loadEnvironment, stateBucketName } from "../environments/schema";
import { expectedAt } from "../runtime/expected";
import { CommandError, command, runToExitCode } from "../setup/command";
import { print, printError } from "../setup/terminal";
import { ensureTerraform } from "../setup/terraform";
import { checkAccount } from "./account";
import { runCdktf } from "./cdktf";
import { checkDestruction } from "./removal/removal";
import { removeStateBucket } from "./remove-state-bucket";

// the SDK announces on every start that it will leave Node 20 behind one day; package.json pins one that has not
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";

interface DestroyOptions {
  readonly environment: string;
  readonly autoApprove?: boolean;
  readonly output?: string;
  readonly stateBucket?: boolean;
}

const PARALLEL_RESOURCES = 40;

/** Destroys the environment's stacks, each before those that it depends on; or removes the bucket of their states. */
async function destroy(environment: Environment, options: DestroyOptions): Promise<number> {
  const { name, region, storage, deletionGuard } = environment;
  await checkAccount(new STSClient({ region }), environment);
  if (options.stateBucket) {
    const bucket = stateBucketName(environment);
    const removed = await removeStateBucket(
      new S3Client({ region, forcePathStyle: storage.pathStyle }),
      bucket,
    );
    print(`state bucket ${bucket} ${removed ? "removed" : "is not there"}`);
    return 0;
  }
  if (deletionGuard) {
    const where = `environments/${name}.ts: deletionGuard`;
    throw new CommandError(`${expectedAt(where, "false", true)}; set it, deploy, and destroy then`);
  }
  await checkDestruction(environment);
  const terraform = await ensureTerraform(printError);
  const words = [
    ...["destroy", `${name}-*`, "--disable-plugin-cache-env"],
    `--terraform-parallelism=${PARALLEL_RESOURCES}`,
    ...(options.autoApprove ? ["--auto-approve"] : []),
    ...(options.output === undefined ? [] : ["--output", options.output]),
  ];
  return runCdktf(words, { ...terraform.environment, TRIBUTARY_ENVIRONMENT: name });
}

command("destroy", "Destroy the environment's five stacks in the reverse order of a deploy, with all data.")
  .requiredOption("--environment <name>", "environment to destroy")
  .option("--auto-approve", "destroy without asking")
  .option("--state-bucket", "destroy no stack: remove the bucket of Terraform's states, once all are empty")
  .option("--output <folder>", "folder of the synthesized stacks (default: cdktf.out)")
  .action((options: DestroyOptions) =>
    runToExitCode(() => destroy(loadEnvironment(options.environment), options)),
  )
  .parseAsync();
