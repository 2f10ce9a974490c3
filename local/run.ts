import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetJobRunsCommand, GlueClient, type JobRun } from "@aws-sdk/client-glue";
import { S3Client } from "@aws-sdk/client-s3";
import { bucketName, csvJobName, type Environment, loadEnvironment, uploadsTableName } from "../environments";
import { type Accounts, accountFor } from "./accounts";
import { queryTable } from "./athena";
import type { LocalAws } from "./aws";
import { saveJobLogs } from "./job-logs";
import { type Platform, startPlatform } from "./platform";
import { reportOf, showHowToReach, showResults } from "./results";
import { Steps } from "./steps";
import { csvFiles, settle, type Upload, upload } from "./uploads";

const CUSTOMERS_PREFIX = "input/customers/";
const PATIENCE_SECONDS = 180;

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
    steps: new Steps(),
    signal,
    began: performance.now(),
  };
  const platform = await startPlatform(run);
  try {
    return await processFiles(run, platform);
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

async function processFiles(run: Run, { aws, python, variables }: Platform): Promise<boolean> {
  const { environment, steps } = run;
  const client = clientSettings(aws.environment);
  const s3 = new S3Client({ ...client, endpoint: aws.endpoint, forcePathStyle: true });
  const uploads = await steps.run(`upload of ${run.files.length} files`, () =>
    upload(s3, bucketName(environment, "raw"), CUSTOMERS_PREFIX, run.input, run.files),
  );
  const runs = await steps.run("CSV pipeline", (report) => finishUploads(run, aws, uploads, report));
  const accounts: Accounts = await steps.run("accounts of every row", () =>
    accountFor(python, run, variables),
  );
  const query = await steps.run("query through Athena", () =>
    queryTable({ ...client, endpoint: aws.endpoint }, environment),
  );
  const seconds = (performance.now() - run.began) / 1000;
  const report = reportOf(seconds, steps.finished, accounts, runs.length);
  showResults(report, accounts, query, run.output);
  if (run.report !== undefined) writeFileSync(run.report, `${JSON.stringify(report, null, 2)}\n`);
  if (run.keep) await keepUp(run, aws);
  return accounts.lost + accounts.duplicated === 0;
}

/** Waits for the outcome of every upload, and keeps what the job logged, also when the wait fails. */
async function finishUploads(
  run: Run,
  aws: LocalAws,
  uploads: readonly Upload[],
  report: (detail: string) => void,
): Promise<readonly JobRun[]> {
  const client = clientSettings(aws.environment);
  const jobName = csvJobName(run.environment);
  const log = join(run.output, "job.log");
  const glue = new GlueClient({ ...client, endpoint: aws.glueEndpoint });
  try {
    return await settle(new DynamoDBClient({ ...client, endpoint: aws.endpoint }), glue, uploads, {
      table: uploadsTableName(run.environment),
      jobName,
      signal: run.signal,
      report,
      patienceSeconds: PATIENCE_SECONDS,
      log,
    });
  } finally {
    const { JobRuns = [] } = await glue.send(new GetJobRunsCommand({ JobName: jobName }));
    await saveJobLogs(new CloudWatchLogsClient({ ...client, endpoint: aws.endpoint }), JobRuns, log);
  }
}

async function keepUp(run: Run, aws: LocalAws): Promise<void> {
  showHowToReach(run.environment, aws.environment);
  await new Promise<void>((resolve) => run.signal.addEventListener("abort", () => resolve(), { once: true }));
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
