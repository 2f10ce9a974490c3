import { S3Client } from "@aws-sdk/client-s3";
import { STSClient } from "@aws-sdk/client-sts";
import { type Environment, loadEnvironment } from "../environments/schema";
import { command, runToExitCode } from "../setup/command";
import { print } from "../setup/terminal";
import { checkAccount } from "./account";
import { ensureStateBucket } from "./state-bucket";

// the SDK announces on every start that it will leave Node 20 behind one day; package.json pins one that has not
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";

/** Creates or checks the bucket of the Terraform states of the environment's account and region. */
async function bootstrap(environment: Environment): Promise<number> {
  const { region, storage } = environment;
  await checkAccount(new STSClient({ region }), environment);
  const s3 = new S3Client({ region, forcePathStyle: storage.pathStyle });
  const { bucket, created } = await ensureStateBucket(s3, environment);
  print(`state bucket ${bucket} ${created ? "created" : "is there; its settings are as they should be"}`);
  return 0;
}

command("bootstrap", "Create the bucket for Terraform's state, or repair its settings. Safe to repeat.")
  .requiredOption("--environment <name>", "environment whose account and region get the bucket")
  .action(({ environment }: { environment: string }) =>
    runToExitCode(() => bootstrap(loadEnvironment(environment))),
  )
  .parseAsync();
