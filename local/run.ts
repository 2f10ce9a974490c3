import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetJobRunsCommand, GlueClient, type JobRun } from "@aws-sdk/client-glue";
import { S3Client } from "@aws-sdk/client-s3";
import {
  bucketName,
  csvJobName,
  type Environment,
  functionName,
  loadEnvironment,
  uploadsTableName,
} from "../environments";
import { type Accounts, accountFor } from "./accounts";
import { queryTable } from "./athena";
import type { LocalAws } from "./aws";
import { Interrupted } from "./child";
import { saveFunctionLogs, saveJobLogs } from "./logs";
import { type Platform, startPlatform } from "./platform";
import { checkReportFile, writeReportFile } from "./report-file";
import { reportOf, showHowToReach, showResults } from "./results";
import { takeRunFolder } from "./run-folder";
import { Steps } from "./steps";
import { csvFiles, refuseChanged, settle, type Upload, upload } from "./uploads";

const CUSTOMERS_PREFIX = "input/customers/";
const PATIENCE_SECONDS = 180;
const FUNCTIONS = ["csv-trigger", "job-ended", "reconciler"] as const;

export interface RunOptions {
  /** Folder whose `.csv` and `.csv.gz` files are uploaded. */
  readonly input: string;
  /** Folder of this run: logs, the results' copies. */
  readonly output: string;
  readonly report?: string;
  readonly keep: boolean;
}

/** What the steps of one run share. */
interface Run extends RunOptions {
  readonly environment: Environment;
  readonly files: readonly string[];
  readonly steps: Steps;
  readonly signal: AbortSignal;
  readonly began: number;
}

/**
 * Runs the platform from nothing to the accounts of every row; true when no row is lost or duplicated.
 *
 * @throws Error with a message for the user when a step fails.
 */
export async function runPlatform(options: RunOptions, signal: AbortSignal): Promise<boolean> {
  const run: Run = {
    ...options,
    environment: loadEnvironment("local"),
    files: filesOf(options.input),
    steps: new Steps(signal),
    signal,
    began: performance.now(),
  };
  if (run.report !== undefined) checkReportFile(run.report);
  const release = takeRunFolder(run.output);
  try {
    return await runIn(run);
  } finally {
    release();
  }
}

async function runIn(run: Run): Promise<boolean> {
  const platform = await startPlatform(run);
  try {
    return await processFiles(run, platform);
  } catch (error) {
    // What a step says of an emulator that is gone hides that it is gone.
    throw platform.signal.aborted ? platform.signal.reason : error;
  } finally {
    await platform.stop();
  }
}

function filesOf(input: string): string[] {
  if (!existsSync(input) || !statSync(input).isDirectory()) {
    throw new Error(`${input} is no folder; --input takes a folder with .csv or .csv.gz files`);
  }
  const files = csvFiles(input);
  if (files.length === 0)
    throw new Error(`${input} holds no .csv or .csv.gz file; put some there or leave --input out`);
  return files;
}

async function processFiles(run: Run, platform: Platform): Promise<boolean> {
  const { environment, steps } = run;
  const { aws, python, signal, variables } = platform;
  const client = clientSettings(aws.environment);
  const s3 = new S3Client({ ...client, endpoint: aws.endpoint, forcePathStyle: true });
  const uploads = await steps.run(`upload of ${run.files.length} files`, () =>
    upload(
      { s3, bucket: bucketName(environment, "raw"), prefix: CUSTOMERS_PREFIX, signal },
      run.input,
      run.files,
    ),
  );
  const runs = await steps.run("CSV pipeline", (report) => finishUploads(run, platform, uploads, report));
  const accounts: Accounts = await steps.run("accounts of every row", async () => {
    const counted = await accountFor(python, { ...run, signal }, variables);
    refuseChanged(run.input, uploads);
    return counted;
  });
  const query = await steps.run("query through Athena", () =>
    queryTable({ ...client, endpoint: aws.endpoint }, environment),
  );
  signal.throwIfAborted();
  const seconds = (performance.now() - run.began) / 1000;
  const report = reportOf(seconds, steps.finished, accounts, runs.length);
  showResults(report, accounts, query, run.output);
  if (run.report !== undefined) writeReportFile(run.report, report);
  if (run.keep) await keepUp(run, platform);
  return accounts.lost + accounts.duplicated === 0;
}

/** Waits for the outcome of every upload, and keeps what job and functions logged, also when the wait fails. */
async function finishUploads(
  run: Run,
  { aws, signal }: Platform,
  uploads: readonly Upload[],
  report: (detail: string) => void,
): Promise<readonly JobRun[]> {
  const client = clientSettings(aws.environment);
  const jobName = csvJobName(run.environment);
  const glue = new GlueClient({ ...client, endpoint: aws.glueEndpoint });
  const settling = settle(new DynamoDBClient({ ...client, endpoint: aws.endpoint }), glue, uploads, {
    table: uploadsTableName(run.environment),
    jobName,
    signal,
    report,
    patienceSeconds: PATIENCE_SECONDS,
  });
  const runs = await settling.catch(async (error: Error) => {
    if (signal.aborted) throw error;
    throw new Error(`${error.message}\n${await saveLogs(run, aws, glue)}`, { cause: error });
  });
  await saveLogs(run, aws, glue);
  return runs;
}

/** Keeps the logs of job and functions; returns where they are, with the functions' newest error. */
async function saveLogs(run: Run, aws: LocalAws, glue: GlueClient): Promise<string> {
  const { environment, output } = run;
  const logs = new CloudWatchLogsClient({ ...clientSettings(aws.environment), endpoint: aws.endpoint });
  const [jobLog, functionLog] = [join(output, "job.log"), join(output, "functions.log")];
  const { JobRuns = [] } = await glue.send(new GetJobRunsCommand({ JobName: csvJobName(environment) }));
  await saveJobLogs(logs, JobRuns, jobLog);
  const functions = FUNCTIONS.map((name) => functionName(environment, name));
  const error = (await saveFunctionLogs(logs, functions, functionLog)).at(-1);
  return [
    ...(error === undefined ? [] : [`a function says: ${error}`]),
    `what job and functions logged: ${jobLog} and ${functionLog}`,
  ].join("\n");
}

async function keepUp(run: Run, { aws, signal }: Platform): Promise<void> {
  showHowToReach(run.environment, aws.environment);
  if (!signal.aborted) await once(signal, "abort");
  if (!(signal.reason instanceof Interrupted)) throw signal.reason;
}

function clientSettings(environment: Readonly<Record<string, string>>) {
  return {
    region: environment["AWS_REGION"] ?? "",
    credentials: {
      accessKeyId: environment["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: environment["AWS_SECRET_ACCESS_KEY"] ?? "",
    },
  };
}
