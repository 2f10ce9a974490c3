import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { GlueClient } from "@aws-sdk/client-glue";
import { S3Client } from "@aws-sdk/client-s3";
import { STSClient } from "@aws-sdk/client-sts";
import { Option } from "commander";
import { type Environment, loadEnvironment, loadPlanPolicy, stackName } from "../environments/schema";
import { whole } from "../setup/arguments";
import { command, runToExitCode } from "../setup/command";
import { CommandError } from "../setup/errors";
import { ROOT, WORKING_FOLDER } from "../setup/paths";
import { print, printError } from "../setup/terminal";
import { ensureTerraform } from "../setup/terraform";
import { ensureNativeWheel, ensureWheels } from "../setup/wheels";
import { checkAccount } from "./account";
import { applyPlans } from "./apply/apply-plans";
import { isApproved } from "./apply/question";
import { checkAdditions } from "./operator/dataset/diff";
import { type Source, sourceOf } from "./plan/binding";
import { KeptPlans, treeOf } from "./plan/kept-plans";
import { synthesisOf } from "./plan/synthesis";
import { UNSAVED } from "./plan/unsaved";
import { deployedStates, planRemoval } from "./removal/removal";

interface ApplyOptions {
  readonly environment: string;
  readonly plan?: string;
  /** Name of what is kept; true: the newest. */
  readonly kept?: string | true;
  readonly prepare?: boolean;
  readonly synthesized?: string;
  readonly approve?: string;
  readonly allowDestroy: readonly string[];
  readonly maxAge: number;
  readonly lockTimeout: number;
  readonly yes?: boolean;
}

const DAYS_7 = 7 * 24;
const DAYS_90 = 90 * 24;
const MINUTES_5 = 5 * 60;
const HOUR_1 = 60 * 60;

/** Applies reviewed plans of a folder, or kept ones, and nothing else. */
async function apply(environment: Environment, options: ApplyOptions): Promise<number> {
  const { plan, kept, prepare = false } = options;
  if (!prepare && plan === undefined && kept === undefined) {
    throw new CommandError("name the plans: --plan <folder>, or --kept");
  }
  if (!prepare) await checkAccount(new STSClient({ region: environment.region }), environment);
  const terraform = await ensureTerraform(printError);
  if (environment.glue.dependencies === "artifacts") {
    await ensureWheels(printError);
    await ensureNativeWheel(printError);
  }
  if (prepare) {
    synthesisOf(environment);
    return 0;
  }
  const source = await sourceOf(ROOT, environment);
  const synthesized = synthesisOf(environment, options.synthesized);
  const applying = {
    environment,
    source,
    synthesized,
    first: await checkDeployed(environment, synthesized),
    permit: {
      allowDestroy: options.allowDestroy,
      deletionGuard: environment.deletionGuard,
      maxAgeHours: options.maxAge,
    },
    policy: loadPlanPolicy(environment.name),
    variables: { ...process.env, ...terraform.environment },
    now: new Date(),
    unsaved: UNSAVED,
    lockSeconds: options.lockTimeout,
    isTrial: options.yes !== true,
    report: print,
  };
  if (plan !== undefined) {
    await applyPlans({
      ...applying,
      plans: resolve(ROOT, plan),
      anew: false,
      ...(options.approve === undefined ? {} : { approved: options.approve }),
      ...(process.stdin.isTTY ? { ask: isApproved } : {}),
    });
    return 0;
  }
  mkdirSync(WORKING_FOLDER, { recursive: true });
  const plans = mkdtempSync(join(WORKING_FOLDER, "plans-"));
  try {
    await fetchKept(environment, source, kept, plans);
    await applyPlans({ ...applying, plans, anew: true });
  } finally {
    rmSync(plans, { recursive: true });
  }
  return 0;
}

/**
 * Compares what is synthesized with what is deployed, as a deploy does.
 * @returns stacks that lose something, readers before what they read
 * @throws CommandError where datasets change by more than additions, or what goes cannot go
 */
async function checkDeployed(environment: Environment, synthesized: string): Promise<string[]> {
  const { region, storage } = environment;
  const clients = {
    glue: new GlueClient({ region }),
    s3: new S3Client({ region, forcePathStyle: storage.pathStyle }),
  };
  await checkAdditions(clients, environment);
  const states = await deployedStates(environment);
  if (states.size === 0) return [];
  // whether what goes may be lost, each plan is asked
  const removal = await planRemoval(environment, states, synthesized, true);
  return (removal?.layers ?? []).map((layer) => stackName(environment, layer));
}

/**
 * Fetches the newest plans that are kept of the checkout's tree.
 * @throws CommandError where there are none, or where they are not those that were approved
 */
async function fetchKept(
  environment: Environment,
  source: Source,
  approved: string | true | undefined,
  folder: string,
): Promise<void> {
  const { name, region, storage } = environment;
  const tree = treeOf(source);
  const kept = new KeptPlans(new S3Client({ region, forcePathStyle: storage.pathStyle }), environment);
  const newest = await kept.newest(tree);
  if (newest === undefined) {
    throw new CommandError(
      `no plans of tree ${tree} are kept for ${name}: npm run plan -- --environment ${name} --out plans --keep`,
    );
  }
  if (typeof approved === "string" && approved !== newest) {
    throw new CommandError(
      `${approved} was approved, and the newest plans of tree ${tree} are ${newest}: have those reviewed and approved`,
    );
  }
  await kept.fetch(tree, newest, folder);
}

command("apply", "Apply plans as they were reviewed, those of a folder or kept ones, and nothing else.")
  .requiredOption("--environment <name>", "environment that was planned")
  .addOption(new Option("--plan <folder>", "folder that npm run plan wrote").conflicts("kept"))
  .option(
    "--kept [name]",
    "newest plans that npm run plan -- --keep kept of the checkout's tree; refused where they have another name than this",
  )
  .option(
    "--prepare",
    "only make and download what an apply needs, without credentials; --synthesized cdktf.out applies with it",
  )
  .option("--synthesized <folder>", "what npm run synth wrote, instead of synthesizing anew")
  .addOption(
    new Option(
      "--approve <name>",
      "what this command proposed in the place of a reviewed plan; at a terminal it asks",
    ).conflicts("kept"),
  )
  .option(
    "--allow-destroy <address>",
    "stateful resource that may go with what it holds; once for each",
    (address: string, all: readonly string[]) => [...all, address],
    [] as readonly string[],
  )
  .option("--max-age <hours>", "age at which a plan is too old", whole(1, DAYS_90), DAYS_7)
  .option(
    "--lock-timeout <seconds>",
    "how long a state's lock that somebody else holds is waited for",
    whole(0, HOUR_1),
    MINUTES_5,
  )
  .option("--yes", "apply; without it, only what keeps the plans from being applied is told")
  .action((options: ApplyOptions) =>
    runToExitCode(() => apply(loadEnvironment(options.environment), options)),
  )
  .parseAsync();
