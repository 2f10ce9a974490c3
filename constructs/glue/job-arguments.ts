import type { JobCode } from "./job-code";
import { OWN_CONF } from "./job-rules";

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
  /** Addresses of further files. */
  readonly extraFiles: readonly string[];
  readonly logGroupPrefix: string;
  readonly bookmarks: boolean;
  readonly metrics: boolean;
  /** Addresses of folders. */
  readonly sparkUi: string | undefined;
  readonly temporaryFolder: string | undefined;
  readonly sparkConf: Readonly<Record<string, string>>;
  readonly autoScaling: boolean;
}

/**
 * Names of Glue's own arguments that are spelled as a script's.
 *
 * @see https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html (2026-11-30)
 */
const SPELLED_LIKE_OURS: readonly string[] = ["class", "conf", "debug", "mode"];

/** Builds the arguments that Glue reads: nobody who starts a run replaces one. */
export function managedArguments(managed: ManagedArguments): Record<string, string> {
  const { code, sparkUi, temporaryFolder } = managed;
  return {
    ...codeArguments(managed),
    "--job-language": "python",
    "--job-bookmark-option": managed.bookmarks ? "job-bookmark-enable" : "job-bookmark-disable",
    // Glue looks whether the name is there, not at the value
    ...(managed.metrics ? { "--enable-metrics": "true" } : {}),
    "--enable-continuous-cloudwatch-log": "true",
    "--custom-logGroup-prefix": managed.logGroupPrefix,
    ...(sparkUi === undefined ? {} : { "--enable-spark-ui": "true", "--spark-event-logs-path": sparkUi }),
    ...(temporaryFolder === undefined ? {} : { "--TempDir": temporaryFolder }),
    ...(managed.autoScaling ? { "--enable-auto-scaling": "true" } : {}),
    ...(code.wheels.length > 0 ? { "--additional-python-modules": code.wheels.join(",") } : {}),
  };
}

/**
 * Builds the script's arguments: those that a caller may set, and those that are fixed.
 *
 * @throws Error for an argument that Glue or this construct sets itself, or a caller's that the script does not have
 */
export function scriptArguments(jobName: string, { arguments: own, callerArguments = [] }: ScriptArguments) {
  const strange = Object.keys(own).find(
    (name) => !/^[a-z][a-z0-9_]*$/.test(name) || SPELLED_LIKE_OURS.includes(name),
  );
  if (strange !== undefined) {
    throw new Error(
      `${jobName}: argument ${JSON.stringify(strange)} could collide with one of Glue's own; use lower-case letters, digits and underscores, and none of ${SPELLED_LIKE_OURS.join(", ")}`,
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
function codeArguments({ script, code, extraFiles, sparkConf }: ManagedArguments): Record<string, string> {
  return {
    "--scriptLocation": script,
    "--extra-py-files": code.package,
    "--extra-files": [script, ...extraFiles].join(","),
    // an archive without classes
    "--extra-jars": code.package,
    "--user-jars-first": "false",
    // installed on every worker
    "--additional-python-modules": "pip",
    // private subnets reach no package index; the list is whole, so each wheel goes in as it comes, in any order
    "--python-modules-installer-option": "--no-index --no-deps",
    "--conf": joinedConf({ ...OWN_CONF, ...sparkConf }),
  };
}

/**
 * Joins settings of Spark as the one value that Glue takes.
 *
 * @see https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-format-iceberg.html (2026-12-01)
 */
function joinedConf(conf: Readonly<Record<string, string>>): string {
  return Object.entries(conf)
    .map(([name, value]) => `${name}=${value}`)
    .join(" --conf ");
}
