import { setTimeout as sleep } from "node:timers/promises";
import {
  GetWorkflowRunCommand,
  type JobRun,
  StartJobRunCommand,
  StartWorkflowRunCommand,
  type WorkflowRun,
} from "@aws-sdk/client-glue";
import { GetBucketEncryptionCommand, GetBucketVersioningCommand } from "@aws-sdk/client-s3";
import type { Client } from "pg";
import {
  bucketName,
  ledgerBatchJobName,
  ledgerListerJobName,
  ledgerWorkflowName,
} from "../../environments/schema";
import type { InputFile, Rounds } from "../inputs/files";
import type { Upload } from "../inputs/uploads";
import { type LedgerState, ledgerState } from "./ledger-progress";
import {
  HOPELESS_FAILURES,
  jobRuns,
  keepingLogs,
  type PipelineContext,
  type PipelineOutcome,
  uploadRound,
} from "./pipeline";

const POLL_MILLISECONDS = 500;
/** Minimum pause between two queries, in multiples of an answer's duration. */
const POLL_PAUSES = 5;
const PATIENCE_SECONDS = 180;

/** Name of the step that lasts from the start of the workflow until each upload has its outcome. */
export const LEDGER_STEP = "ledger pipeline";

/** Context of an upload. */
type UploadContext = Pick<PipelineContext, "clients" | "environment" | "signal" | "steps">;

/**
 * Uploads the files that the workflow is to list, as soon as the raw bucket exists. No event announces files
 * that come before the bucket's notification.
 */
export async function uploadListed(context: UploadContext, files: readonly InputFile[]): Promise<Upload[]> {
  while (!(await rawBucketStands(context))) {
    await sleep(POLL_MILLISECONDS, undefined, { signal: context.signal });
  }
  return uploadRound(context, "ledger", files);
}

/** Returns whether the raw bucket keeps versions, and encrypts with the platform's key. */
async function rawBucketStands({ clients, environment }: UploadContext): Promise<boolean> {
  const bucket = { Bucket: bucketName(environment, "raw") };
  try {
    const { Status } = await clients.s3.send(new GetBucketVersioningCommand(bucket));
    const { ServerSideEncryptionConfiguration } = await clients.s3.send(
      new GetBucketEncryptionCommand(bucket),
    );
    const [rule] = ServerSideEncryptionConfiguration?.Rules ?? [];
    return Status === "Enabled" && rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm === "aws:kms";
  } catch (error) {
    if ((error as Error).name !== "NoSuchBucket") throw error;
    return false;
  }
}

/**
 * Starts the workflow over the listed uploads, uploads the rounds that S3 is to announce, and waits until each
 * version has its outcome in the ledger.
 */
export async function runLedgerPipeline(
  context: PipelineContext,
  listed: readonly Upload[],
  announced: Rounds,
): Promise<PipelineOutcome> {
  const { environment, platform, steps } = context;
  const uploads = [...listed];
  const client = platform.ledger.client();
  // the platform's own signal reports that the server is gone
  client.on("error", () => undefined);
  await client.connect();
  const jobs = [ledgerListerJobName(environment), ledgerBatchJobName(environment)];
  try {
    await steps.run(LEDGER_STEP, (report) => {
      const run = new LedgerRun(context, client, uploads, report);
      return keepingLogs(context, jobs, "ledger.log", run.run(announced));
    });
  } finally {
    await client.end().catch(() => undefined);
  }
  const runs = await Promise.all(jobs.map((job) => jobRuns(context, job)));
  return { uploads, runs: runs.flat().length };
}

/** Steps of one run: the workflow, then the batch job again for what S3 announced meanwhile. */
class LedgerRun {
  private last = "";
  private movedAt = performance.now();

  constructor(
    private readonly context: PipelineContext,
    private readonly client: Client,
    /** Grows with what is announced. */
    private readonly uploads: Upload[],
    private readonly report: (detail: string) => void,
  ) {}

  /**
   * Runs the steps.
   *
   * @throws Error when nothing moved for long, or a job cannot do it, naming what is unfinished
   */
  async run(announced: Rounds): Promise<void> {
    const id = await this.startWorkflow();
    for (const files of announced) {
      await this.until(async () => (await this.runsOf("lister")).every(({ CompletedOn }) => CompletedOn));
      this.uploads.push(...(await uploadRound(this.context, "ledger", files)));
    }
    await this.until(async () => hasEnded(await this.workflowRun(id)));
    refuseFailedListing(await this.runsOf("lister"));
    // the lister's success starts it
    await this.until(async () => (await this.runsOf("batch")).length > 0);
    await this.until(({ registered }) => registered === this.uploads.length);
    await this.until(async (state) => {
      const runs = await this.runsOf("batch");
      if (runs.some(({ CompletedOn }) => CompletedOn === undefined)) return false;
      if (state.settled === this.uploads.length && state.unarchived === 0) return true;
      refuseHopeless(runs);
      await this.startBatchJob();
      return false;
    });
  }

  /** Waits until `holds`, and reports the progress. */
  private async until(holds: (state: LedgerState) => Promise<boolean> | boolean): Promise<void> {
    for (;;) {
      const asked = performance.now();
      const state = await ledgerState(this.client, this.uploads);
      const answered = performance.now();
      const { settled, batches, failure } = state;
      const runs = (await this.runsOf("batch")).length;
      const now = `${settled} of ${this.uploads.length} files, ${batches} batches, batch job runs: ${runs}`;
      this.report(now);
      if (failure !== undefined) throw new Error(`a batch is out of attempts (${now}): ${failure}`);
      if (await holds(state)) return;
      if (now !== this.last) this.movedAt = performance.now();
      this.last = now;
      const seconds = (performance.now() - this.movedAt) / 1000;
      if (seconds > PATIENCE_SECONDS) throw new Error(`nothing moved for ${Math.round(seconds)} s (${now})`);
      // with many files the question itself takes its time from the jobs
      const pause = Math.max(POLL_MILLISECONDS, POLL_PAUSES * (answered - asked));
      await sleep(pause, undefined, { signal: this.context.signal });
    }
  }

  private runsOf(job: "lister" | "batch"): Promise<JobRun[]> {
    const { environment } = this.context;
    return jobRuns(
      this.context,
      job === "lister" ? ledgerListerJobName(environment) : ledgerBatchJobName(environment),
    );
  }

  private async startWorkflow(): Promise<string> {
    const { clients, environment } = this.context;
    const start = new StartWorkflowRunCommand({ Name: ledgerWorkflowName(environment) });
    return (await clients.glue.send(start)).RunId ?? "";
  }

  private async workflowRun(RunId: string): Promise<WorkflowRun | undefined> {
    const { clients, environment } = this.context;
    const ask = new GetWorkflowRunCommand({ Name: ledgerWorkflowName(environment), RunId });
    return (await clients.glue.send(ask)).Run;
  }

  private async startBatchJob(): Promise<void> {
    const JobName = ledgerBatchJobName(this.context.environment);
    await this.context.clients.glue.send(new StartJobRunCommand({ JobName })).catch((error: Error) => {
      // a schedule was faster
      if (error.name !== "ConcurrentRunsExceededException") throw error;
    });
  }
}

/**
 * Returns whether the run has ended.
 *
 * @throws Error where it ended before its time
 */
function hasEnded(run: WorkflowRun | undefined): boolean {
  if (run?.CompletedOn === undefined) return false;
  if (run.Status === "COMPLETED") return true;
  throw new Error(`the workflow run is ${run.Status}: ${run.ErrorMessage ?? "no reason given"}`);
}

/**
 * Checks the lister. A batch job that failed is started again; a lister is not, for its run is what is shown.
 */
function refuseFailedListing([run]: readonly JobRun[]): void {
  if (run?.JobRunState !== "SUCCEEDED") {
    throw new Error(`the lister's run is ${run?.JobRunState}: ${run?.ErrorMessage ?? "no reason given"}`);
  }
}

function refuseHopeless(runs: readonly JobRun[]): void {
  const newest = runs.slice(0, HOPELESS_FAILURES);
  if (newest.length < HOPELESS_FAILURES || newest.some(({ JobRunState }) => JobRunState === "SUCCEEDED"))
    return;
  const reason = newest[0]?.ErrorMessage ?? "no reason given";
  throw new Error(`${HOPELESS_FAILURES} runs of the batch job in a row failed; the newest says: ${reason}`);
}
