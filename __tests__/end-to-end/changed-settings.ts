import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { functionName, stackName, uploadsJobName } from "../../environments/schema";
import { environment, type TestPlatform } from "../support/local-platform";

/** A function that refers to a job and to a log group, so that a plan for it has these, too. */
const FUNCTION = functionName(environment, "uploads-reconciler");

/** The stack compute as Terraform reads it, as far as it is changed here. */
interface Stack {
  readonly provider: { readonly aws: readonly { readonly default_tags: readonly Tags[] }[] };
  readonly resource: {
    readonly aws_lambda_function: Resources<{
      readonly function_name: string;
      readonly environment: { readonly variables: Record<string, string> };
      timeout: number;
    }>;
    readonly aws_cloudwatch_log_group: Resources<{ readonly name: string; retention_in_days: number }>;
    readonly aws_glue_job: Resources<{ readonly name: string; timeout: number }>;
  };
}

interface Tags {
  readonly tags: Record<string, string>;
}

type Resources<Settings> = Readonly<Record<string, Settings>>;

/** Types of the resources that the change is of. */
export const CHANGED = ["aws_lambda_function", "aws_cloudwatch_log_group", "aws_glue_job"];

/** Makes the synthesized stack compute that of other settings; returns what limits a plan to them, and the way back. */
export function changeSettings({ output }: TestPlatform): {
  readonly target: string;
  readonly undo: () => void;
} {
  const path = join(output, "cdktf.out", "stacks", stackName(environment, "compute"), "cdk.tf.json");
  const before = readFileSync(path, "utf8");
  const stack: Stack = JSON.parse(before);
  const {
    aws_lambda_function: functions,
    aws_cloudwatch_log_group: groups,
    aws_glue_job: jobs,
  } = stack.resource;
  const [id, reconciler] = only(functions, ({ function_name }) => function_name === FUNCTION);
  reconciler.timeout += 1;
  reconciler.environment.variables["GRACE_SECONDS"] = "6";
  only(groups, ({ name }) => name === `/aws/lambda/${FUNCTION}`)[1].retention_in_days = 3;
  only(jobs, ({ name }) => name === uploadsJobName(environment))[1].timeout += 1;
  for (const { default_tags } of stack.provider.aws)
    for (const { tags } of default_tags) tags["cost-center"] = "another";
  writeFileSync(path, JSON.stringify(stack));
  return { target: `-target=aws_lambda_function.${id}`, undo: () => writeFileSync(path, before) };
}

function only<Settings>(
  resources: Resources<Settings>,
  isIt: (settings: Settings) => boolean,
): [string, Settings] {
  const [found, ...others] = Object.entries(resources).filter(([, settings]) => isIt(settings));
  if (found === undefined || others.length > 0) throw new Error(`expected one of ${Object.keys(resources)}`);
  return found;
}
