import { join } from "node:path";
import { GetJobRunsCommand, type JobRun } from "@aws-sdk/client-glue";
import { bucketName, type Environment, functionName, functionsOf } from "../../environments/schema";
import type { Pipeline } from "../../environments/schema/pipelines";
import type { InputFile } from "../inputs/files";
import { type Upload, upload } from "../inputs/uploads";
import type { Clients } from "../platform/clients";
import { saveFunctionLogs, saveJobLogs } from "../platform/logs";
import type { Platform } from "../platform/platform";
import type { Steps } from "../steps";

/** Context that the pipelines of one run share. */
export interface PipelineContext {
  readonly environment: Environment;
  readonly platform: Platform;
  readonly clients: Clients;
  readonly steps: Steps;
  /** Folder of this run. */
  readonly output: string;
  readonly signal: AbortSignal;
}

/** Uploads of a pipeline, once each has an outcome. */
export interface PipelineOutcome {
  /** Uploads in their order. */
  readonly uploads: readonly Upload[];
  /** Number of runs of its job. */
  readonly runs: number;
}

/** Puts the files of a round into the raw bucket. */
export function uploadRound(
  {
    clients,
    environment,
    signal,
    steps,
  }: Pick<PipelineContext, "clients" | "environment" | "signal" | "steps">,
  pipeline: Pipeline,
  files: readonly InputFile[],
): Promise<Upload[]> {
  const target = { s3: clients.s3, bucket: bucketName(environment, "raw"), signal };
  return steps.run(`upload of ${files.length} files: ${pipeline}`, () => upload(target, files));
}

/** Runs of a job that failed in a row, from which on no further run is waited for. */
export const HOPELESS_FAILURES = 3;

export async function jobRuns({ clients }: PipelineContext, jobName: string): Promise<JobRun[]> {
  const { JobRuns = [] } = await clients.glue.send(new GetJobRunsCommand({ JobName: jobName }));
  return JobRuns;
}

/**
 * Waits for `work` and then saves the logs of jobs and all functions, for the emulator forgets them; where
 * `work` fails, its error names those files, with the functions' newest error.
 */
export async function keepingLogs<Result>(
  context: PipelineContext,
  jobNames: readonly string[],
  file: string,
  work: Promise<Result>,
): Promise<Result> {
  const result = await work.catch(async (error: Error) => {
    if (context.signal.aborted) throw error;
    throw new Error(`${error.message}\n${await saveLogs(context, jobNames, file)}`, { cause: error });
  });
  await saveLogs(context, jobNames, file);
  return result;
}

async function saveLogs(
  context: PipelineContext,
  jobNames: readonly string[],
  file: string,
): Promise<string> {
  const { environment, output, clients } = context;
  const [jobLog, functionLog] = [join(output, file), join(output, "functions.log")];
  const runs = await Promise.all(jobNames.map((name) => jobRuns(context, name)));
  await saveJobLogs(clients.logs, runs.flat(), jobLog);
  const functions = functionsOf(environment).map((name) => functionName(environment, name));
  const error = (await saveFunctionLogs(clients.logs, functions, functionLog)).at(-1);
  return [
    ...(error === undefined ? [] : [`a function says: ${error}`]),
    `what jobs and functions logged: ${jobLog} and ${functionLog}`,
  ].join("\n");
}
