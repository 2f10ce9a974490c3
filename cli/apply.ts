import { resolve } from "node:path";
import { STSClient } from "@aws-sdk/client-sts";
import { type Environment, loadEnvironment } from "../environments/schema";
import { whole } from "../setup/arguments";
import { command, runToExitCode } from "../setup/command";
import { ROOT } from "../setup/paths";
import { print, printError } from "../setup/terminal";
import { ensureTerraform } from "../setup/terraform";
import { ensureNativeWheel, ensureWheels } from "../setup/wheels";
import { checkAccount } from "./account";
import { applyPlans } from "./apply/apply-plans";
import { sourceOf } from "./plan/binding";
import { synthesisOf } from "./plan/synthesis";

interface ApplyOptions {
  readonly environment: string;
  readonly plan: string;
  readonly synthesized?: string;
  readonly allowDestroy: readonly string[];
  readonly maxAge: number;
  readonly lockTimeout: number;
  readonly yes?: boolean;
}

const DAYS_7 = 7 * 24;
const DAYS_90 = 90 * 24;
const MINUTES_5 = 5 * 60;
const HOUR_1 = 60 * 60;

/** Applies reviewed plans, and nothing else. */
async function apply(environment: Environment, options: ApplyOptions): Promise<number> {
  await checkAccount(new STSClient({ region: environment.region }), environment);
  const terraform = await ensureTerraform(printError);
  if (environment.glue.dependencies === "artifacts") {
    await ensureWheels(printError);
    await ensureNativeWheel(printError);
  }
  await applyPlans({
    plans: resolve(ROOT, options.plan),
    source: await sourceOf(ROOT, environment),
    synthesized: synthesisOf(environment, options.synthesized),
    permit: {
      allowDestroy: options.allowDestroy,
      deletionGuard: environment.deletionGuard,
      maxAgeHours: options.maxAge,
    },
    variables: { ...process.env, ...terraform.environment },
    now: new Date(),
    lockSeconds: options.lockTimeout,
    isTrial: options.yes !== true,
    report: print,
  });
  return 0;
}

command("apply", "Apply the plans of a folder as they were reviewed, and nothing else.")
  .requiredOption("--environment <name>", "environment that was planned")
  .requiredOption("--plan <folder>", "folder that npm run plan wrote")
  .option("--synthesized <folder>", "what npm run synth wrote, instead of synthesizing anew")
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
