import { IAMClient } from "@aws-sdk/client-iam";
import { S3Client } from "@aws-sdk/client-s3";
import { STSClient } from "@aws-sdk/client-sts";
import { Option } from "commander";
import { type Environment, loadEnvironment } from "../environments/schema";
import { command, runToExitCode } from "../setup/command";
import { print } from "../setup/terminal";
import { ownBoundary } from "./access/access";
import { policyChanges } from "./access/changes";
import { type Clients, giveAccess, takeAccess } from "./access/commands";
import { type TrustOptions, trustOf } from "./access/trust";
import { checkAccount } from "./account";
import { ensureStateBucket } from "./state-bucket";

interface BootstrapOptions extends TrustOptions {
  readonly environment: string;
  readonly remove?: boolean;
  readonly yes?: boolean;
}

/** Prepares the account and region of the environment, or CI's access to it, or takes that away. */
async function bootstrap(environment: Environment, options: BootstrapOptions): Promise<number> {
  const { region, storage } = environment;
  const { yes = false, remove = false } = options;
  const trust = trustOf(environment, options);
  await checkAccount(new STSClient({ region }), environment);
  const iam = new IAMClient({ region });
  const s3 = new S3Client({ region, forcePathStyle: storage.pathStyle });
  if (remove) return takeAccess(iam, environment, yes);
  if (trust !== undefined) return giveAccess({ iam, s3 }, environment, trust, yes);
  await prepare({ iam, s3 }, environment);
  return 0;
}

/** Creates or checks the bucket of the Terraform states, and the permissions boundary of the environment's roles. */
async function prepare({ iam, s3 }: Clients, environment: Environment): Promise<void> {
  const { bucket, created } = await ensureStateBucket(s3, environment);
  print(`state bucket ${bucket} ${created ? "created" : "is there; its settings are as they should be"}`);
  const boundary = ownBoundary(environment);
  if (boundary === undefined) return;
  const [change] = await policyChanges(iam, environment, boundary);
  await change?.make();
  print(`permissions boundary ${boundary.name} ${change?.done ?? "is there; it says what it should"}`);
}

command(
  "bootstrap",
  "Create the bucket for Terraform's state and the boundary of all roles, or repair them; or give CI access. Safe to repeat.",
)
  .requiredOption("--environment <name>", "environment whose account and region are prepared")
  .option("--github <repository>", "give access to the workflows of OWNER/REPO, or OWNER@ID/REPO@ID")
  .addOption(
    new Option("--issuer <url>", "give access to another CI system: the issuer of its tokens").conflicts(
      "github",
    ),
  )
  .option("--plan-subject <sub...>", "with --issuer: who plans, * for any part")
  .option("--apply-subject <sub...>", "with --issuer: who deploys, * for any part")
  .addOption(new Option("--remove", "take CI's access away").conflicts(["github", "issuer"]))
  .option("--yes", "do it; without, access is only shown")
  .action((options: BootstrapOptions) =>
    runToExitCode(() => bootstrap(loadEnvironment(options.environment), options)),
  )
  .parseAsync();
