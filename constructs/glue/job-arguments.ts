import type { JobCode } from "./job-code";

/** The script's own arguments, without the leading hyphens. */
export interface ScriptArguments {
  readonly arguments: Readonly<Record<string, string>>;
  /** Names of those that whoever starts a run may set otherwise. @default - none */
  readonly callerArguments?: readonly string[];
}

/** Arguments of Glue that a construct sets, each by a prop of its own. */
export interface ManagedArguments {
  /** Address of the script. */
  readonly script: string;
  readonly code: JobCode;
  readonly logGroupPrefix: string;
  readonly autoScaling: boolean;
}

/** Builds the arguments that Glue reads: nobody who starts a run replaces one. */
export function managedArguments({
  script,
  code,
  logGroupPrefix,
  autoScaling,
}: ManagedArguments): Record<string, string> {
  return {
    ...codeArguments(script, code),
    "--job-language": "python",
    "--job-bookmark-option": "job-bookmark-disable",
    "--enable-metrics": "true",
    "--enable-continuous-cloudwatch-log": "true",
    "--custom-logGroup-prefix": logGroupPrefix,
    ...(autoScaling ? { "--enable-auto-scaling": "true" } : {}),
    ...(code.wheels.length > 0 ? { "--additional-python-modules": code.wheels.join(",") } : {}),
  };
}

/**
 * Builds the script's arguments: those that a caller may set, and those that are fixed.
 *
 * @throws Error for an argument that Glue or this construct sets itself, or a caller's that the script does not have
 */
export function scriptArguments(jobName: string, { arguments: own, callerArguments = [] }: ScriptArguments) {
  const strange = Object.keys(own).find((name) => !/^[a-z][a-z0-9_]*$/.test(name));
  if (strange !== undefined) {
    throw new Error(
      `${jobName}: argument ${JSON.stringify(strange)} could collide with one of Glue's own; use lower-case letters, digits and underscores`,
    );
  }
  const missing = callerArguments.find((name) => !(name in own));
  if (missing !== undefined) {
    throw new Error(
      `${jobName}: a caller may set ${JSON.stringify(missing)}, which the script does not read`,
    );
  }
  const select = (isOfCaller: boolean) =>
    Object.fromEntries(
      Object.entries(own)
        .filter(([name]) => callerArguments.includes(name) === isOfCaller)
        .map(([name, value]) => [`--${name}`, value]),
    );
  return { ofCaller: select(true), fixed: select(false) };
}

/**
 * Arguments by which code gets into a run: whoever may start the job must set none of them, so all have a value
 * here, which replaces that of a run. AWS documents no empty one, so where a job has nothing of the kind, the value
 * names what the run has anyway.
 *
 * @see https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-python-intro.html (2026-11-30)
 * @see https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html (2026-11-30)
 */
function codeArguments(script: string, code: JobCode): Record<string, string> {
  return {
    "--scriptLocation": script,
    "--extra-py-files": code.package,
    "--extra-files": script,
    // an archive without classes
    "--extra-jars": code.package,
    "--user-jars-first": "false",
    // installed on every worker
    "--additional-python-modules": "pip",
    // private subnets reach no package index; the list is whole, so each wheel goes in as it comes, in any order
    "--python-modules-installer-option": "--no-index --no-deps",
    // Spark's own default: other settings name agents, archives and interpreters
    "--conf": "spark.ui.showConsoleProgress=false",
  };
}
