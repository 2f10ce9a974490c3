import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Credentials } from "../emulator/assume-role";
import { assumeJobRole, logsClient, s3Client } from "./clients";
import type { Job } from "./job-store";
import { LogStreamer } from "./log-streamer";
import type { JobRun } from "./run";
import { runScript } from "./script";
import { makeWorkspace } from "./workspace";

/** Context of every run. */
export interface RunnerContext {
  /** Interpreter of the project's virtual environment. */
  readonly python: string;
  /** Each run works in a folder of its own below this one, removed at its end. */
  readonly folder: string;
  readonly endpoint: string;
  readonly glueEndpoint: string;
  /** Variables of scripts, in addition to AWS's own. */
  readonly variables: Readonly<Record<string, string>>;
  /** Receives failures apart from the run's own, such as logs that cannot be written. */
  readonly warn: (message: string) => void;
}

/** Executes one attempt with the rights of the job's role; returns what went wrong, or undefined. */
export async function execute(
  context: RunnerContext,
  job: Job,
  run: JobRun,
  onRunning: () => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  const folder = join(context.folder, run.Id);
  try {
    const credentials = await assumeJobRole(context.endpoint, job.Role, run.Id);
    const s3 = s3Client(context.endpoint, credentials);
    const workspace = await makeWorkspace(s3, folder, job.Command.ScriptLocation, run).finally(() =>
      s3.destroy(),
    );
    return await withLogs(context, run, credentials, (onOutput, onError) => {
      onRunning();
      return runScript({ ...context, credentials, workspace, run, onOutput, onError, signal });
    });
  } catch (error) {
    return (error as Error).message;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type OnLine = (line: string) => void;

/**
 * Runs `work` with its lines written to Glue's two log groups. As on Glue, a run does not fail for want of
 * logs.
 */
async function withLogs<Result>(
  context: RunnerContext,
  run: JobRun,
  credentials: Credentials,
  work: (onOutput: OnLine, onError: OnLine) => Promise<Result>,
): Promise<Result> {
  const client = logsClient(context.endpoint, credentials);
  const warn = (error: Error) => context.warn(`logs of ${run.Id} are incomplete: ${error.message}`);
  const open = (kind: string) =>
    LogStreamer.open(client, `${run.LogGroupName}/${kind}`, run.Id).catch((error) => void warn(error));
  const streams = await Promise.all([open("output"), open("error")]);
  try {
    return await work(
      (line) => streams[0]?.write(line),
      (line) => streams[1]?.write(line),
    );
  } finally {
    await Promise.all(streams.map((stream) => stream?.close().catch(warn)));
    client.destroy();
  }
}
