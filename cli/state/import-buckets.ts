import { join, resolve } from "node:path";
import type { S3Client } from "@aws-sdk/client-s3";
import { type Environment, type Layer, loadPlanPolicy, stackName } from "../../environments/schema";
import { CommandError } from "../../setup/errors";
import { ROOT } from "../../setup/paths";
import { print, printError } from "../../setup/terminal";
import { ensureTerraform } from "../../setup/terraform";
import { sourceOf } from "../plan/binding";
import { readStacks } from "../plan/configuration";
import { FILES, planStacks, takeSynthesis } from "../plan/plan-stacks";
import { writeSummaries } from "../plan/summaries";
import { synthesisOf } from "../plan/synthesis";
import { WorkingFolder } from "../plan/terraform";
import {
  checkImports,
  type Import,
  importsOf,
  removeImports,
  withoutImported,
  writeImports,
} from "./bucket-imports";
import type { StackStates } from "./stack-states";

export interface ImportOptions {
  readonly environment: string;
  readonly bucket: readonly string[];
  readonly out: string;
  readonly synthesized?: string;
  readonly yes?: boolean;
}

/** Layer whose stack has the buckets. */
const LAYER: Layer = "storage";
/** How long a state's lock that somebody else holds is waited for. */
const LOCK_SECONDS = 300;

/**
 * Takes buckets that are there into the state of the stack that has buckets of their names, with the settings that they have.
 * It changes nothing of them: what the stack changes is planned afterwards, as ever. Until `yes` that plan is made, and nothing else.
 *
 * @throws CommandError where a bucket cannot be taken, or is in the state
 */
export async function importBuckets(
  states: StackStates,
  options: ImportOptions,
  environment: Environment,
  s3: S3Client,
): Promise<void> {
  const name = stackName(environment, LAYER);
  const { environment: terraform } = await ensureTerraform(printError);
  const out = resolve(ROOT, options.out);
  takeSynthesis(synthesisOf(environment, options.synthesized), out);
  const stack = readStacks(join(out, FILES.synthesis)).find((each) => each.name === name);
  if (stack === undefined) throw new CommandError(`there is no stack ${name} in ${options.synthesized}`);
  const found: Import[] = [];
  for (const bucket of options.bucket) found.push(...(await importsOf(s3, environment, stack, bucket)));
  const imports = withoutImported(found, await states.read(LAYER));
  if (imports.length === 0) {
    throw new CommandError(`the state of ${name} has ${options.bucket.join(", ")} already`);
  }
  const variables = { ...process.env, ...terraform };
  const source = await sourceOf(ROOT, environment);
  writeImports(stack, imports);
  const plans = await planStacks({ out, source, variables, report: () => undefined, only: [name] });
  removeImports(stack);
  const heading = { environment, policy: loadPlanPolicy(environment.name), uncommitted: source.uncommitted };
  writeSummaries(out, plans, heading, undefined);
  for (const plan of plans) checkImports(plan, imports);
  const summary = join(options.out, FILES.summary);
  if (!options.yes) {
    for (const { to, id } of imports) print(`would be imported: ${id} as ${to}`);
    return print(
      `what the stack would change then: ${summary}. The import itself changes nothing of it; repeat with --yes`,
    );
  }
  const working = new WorkingFolder(stack.folder, join(out, name, ".terraform"), variables);
  for (const { to, id } of imports) {
    await working.import(to, id, LOCK_SECONDS);
    print(`imported: ${id} as ${to}`);
  }
  print(`what the stack changes with the next apply: ${summary}. Plan, and have that reviewed`);
}
