import { setTimeout as sleep } from "node:timers/promises";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { bucketName, functionName, manifestsJobName, trackingTableName } from "../../environments/schema";
import type { Rounds } from "../inputs/files";
import type { Upload } from "../inputs/uploads";
import { jobRuns, keepingLogs, type PipelineContext, type PipelineOutcome, uploadRound } from "./pipeline";
import { Receipts } from "./receipts";
import { settledOf, type TrackingTable } from "./tracked-files";

const POLL_MILLISECONDS = 500;
const PATIENCE_SECONDS = 180;
/** A streaming job that has failed is started again after a minute at the earliest: no use waiting for that. */
const PATIENCE_WITHOUT_JOB_SECONDS = 20;
/** Event that the schedule sends the control plane each minute. */
const TICK = { kind: "tick" };

/** Name of the step that lasts from the beginning of the uploading until each upload has its outcome. */
export const MANIFESTS_STEP = "manifests pipeline";

/**
 * Starts the streaming job, uploads files, and waits until each of them has its outcome, round by round: so none of a
 * round is replaced before it is published.
 */
export async function runManifestsPipeline(
  context: PipelineContext,
  rounds: Rounds,
): Promise<PipelineOutcome> {
  const { environment, steps } = context;
  const jobName = manifestsJobName(environment);
  await steps.run("start of the streaming job", () => startJob(context));
  const uploads: Upload[] = [];
  await steps.run(MANIFESTS_STEP, (report) => {
    const progress = new Progress(context, uploads, report);
    const work = async () => {
      for (const files of rounds) {
        uploads.push(...(await uploadRound(context, "manifests", files)));
        await progress.until(uploads);
      }
    };
    return keepingLogs(context, [jobName], "stream.log", work());
  });
  return {
    uploads: uploads.map((each) => ({ ...each, awaited: true })),
    runs: (await jobRuns(context, jobName)).length,
  };
}

/** Invokes the control plane to look at the job now, as an operator may, instead of at the next minute. */
async function startJob({ clients, environment }: PipelineContext): Promise<void> {
  const { FunctionError, Payload } = await clients.lambda.send(
    new InvokeCommand({
      FunctionName: functionName(environment, "control-plane"),
      Payload: Buffer.from(JSON.stringify(TICK)),
    }),
  );
  if (FunctionError !== undefined) {
    throw new Error(`the control plane cannot start the job: ${Buffer.from(Payload ?? []).toString()}`);
  }
}

/** Watches the uploads, to which more may be added, and reports their progress. */
class Progress {
  private readonly table: TrackingTable;
  private readonly receipts: Receipts;
  private readonly settled = new Set<Upload>();
  private last = "";
  private movedAt = performance.now();

  constructor(
    private readonly context: PipelineContext,
    private readonly uploads: readonly Upload[],
    private readonly report: (detail: string) => void,
  ) {
    const { clients, environment } = context;
    this.table = {
      dynamo: clients.dynamo,
      name: trackingTableName(environment),
      shards: environment.manifests.trackingShards,
    };
    this.receipts = new Receipts(clients.s3, bucketName(environment, "manifests"));
  }

  /**
   * Waits for uploads.
   *
   * @throws Error when nothing moved for long, naming what is unfinished and the job's message
   */
  async until(wanted: readonly Upload[]): Promise<void> {
    for (;;) {
      const open = this.uploads.filter((each) => !this.settled.has(each));
      for (const each of await settledOf(this.table, open)) this.settled.add(each);
      const { manifests, rows } = await this.receipts.read();
      const now = `${this.settled.size} of ${this.uploads.length} files, ${manifests} manifests, ${rows.toLocaleString("en")} rows`;
      this.report(now);
      if (wanted.every((each) => this.settled.has(each))) return;
      if (now !== this.last) this.movedAt = performance.now();
      this.last = now;
      await this.refuseStandstill((performance.now() - this.movedAt) / 1000);
      await sleep(POLL_MILLISECONDS, undefined, { signal: this.context.signal });
    }
  }

  private async refuseStandstill(seconds: number): Promise<void> {
    if (seconds < PATIENCE_WITHOUT_JOB_SECONDS) return;
    const [newest] = await jobRuns(this.context, manifestsJobName(this.context.environment));
    const hasFailed = newest?.JobRunState === "FAILED";
    if (!hasFailed && seconds < PATIENCE_SECONDS) return;
    const reason = newest?.ErrorMessage ? `; its newest failed run says: ${newest.ErrorMessage}` : "";
    throw new Error(
      `nothing moved for ${Math.round(seconds)} s (${this.last}, the streaming job is ${newest?.JobRunState ?? "not started"})${reason}`,
    );
  }
}
