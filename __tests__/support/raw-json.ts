import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  GetJobRunsCommand,
  GetWorkflowRunCommand,
  type JobRun,
  StartJobRunCommand,
  StartWorkflowRunCommand,
} from "@aws-sdk/client-glue";
import {
  ledgerBatchJobName,
  ledgerListerJobName,
  ledgerWorkflowName,
  RAW_JSON_PREFIX,
} from "../../environments/schema";
import { type Upload, upload } from "../../local/inputs/uploads";
import { type Accounts, accountFor } from "../../local/outcome/accounts";
import { type LedgerState, ledgerState } from "../../local/pipelines/ledger-progress";
import { clientsOf } from "../../local/platform/clients";
import { saveJobLogs } from "../../local/platform/logs";
import { eventually } from "./eventually";
import { environment, rawBucket, type TestPlatform } from "./local-platform";

const BATCH_JOB = ledgerBatchJobName(environment);
const DATASET = "ml_events";
const SHOWN_LINES = 30;
const WORKFLOW = ledgerWorkflowName(environment);

/** Raw JSON files of one test platform, and their state in the ledger. */
export class RawJson {
  /** Uploads in their order. */
  readonly uploads: Upload[] = [];
  private readonly folder: string;
  private sent = 0;

  constructor(private readonly platform: TestPlatform) {
    this.folder = join(platform.output, "raw-json");
  }

  /** Uploads so many files of three lines each, the second cut off, below a folder of the raw prefix. */
  async send(count: number, folder = "2026/week07"): Promise<void> {
    const files = Array.from({ length: count }, () => {
      this.sent += 1;
      const lines = [event(`${this.sent}-1`), event(`${this.sent}-2`).slice(0, -3), event(`${this.sent}-3`)];
      return this.write(`${folder}/events-${this.sent}.json`, lines.join("\n"));
    });
    await this.upload(this.folder, files);
  }

  /** Uploads one file with one event, as a version of its own also where it was uploaded before. */
  async sendOne(file: string, id: string): Promise<void> {
    // one folder a version: the accounts read each as it was
    this.sent += 1;
    const folder = join(this.folder, `version-${this.sent}`);
    await this.upload(folder, [this.write(file, event(id), folder)]);
  }

  private write(file: string, text: string, folder = this.folder): string {
    const key = RAW_JSON_PREFIX + file;
    mkdirSync(dirname(join(folder, key)), { recursive: true });
    writeFileSync(join(folder, key), text);
    return key;
  }

  private async upload(folder: string, keys: readonly string[]): Promise<void> {
    const { signal } = new AbortController();
    const target = { s3: this.platform.s3, bucket: rawBucket, signal };
    const inputs = keys.map((key) => ({ path: join(folder, key), key, dataset: DATASET }));
    this.uploads.push(...(await upload(target, inputs)));
  }

  /** Runs the workflow to its end, and the run of the batch job that follows from it. */
  async list(): Promise<void> {
    const { glue } = this.platform;
    const before = (await this.batchRuns()).length;
    const { RunId } = await glue.send(new StartWorkflowRunCommand({ Name: WORKFLOW }));
    await eventually("the end of the workflow", async () => {
      const { Run } = await glue.send(new GetWorkflowRunCommand({ Name: WORKFLOW, RunId }));
      return Run?.CompletedOn !== undefined;
    });
    await eventually("a run of the batch job", async () => (await this.batchRuns()).length > before);
    await this.idle();
  }

  /** Starts the batch job as soon as no run of it is active. */
  async startBatchJob(): Promise<string> {
    await this.idle();
    const { JobRunId = "" } = await this.platform.glue.send(new StartJobRunCommand({ JobName: BATCH_JOB }));
    return JobRunId;
  }

  private idle(): Promise<unknown> {
    return eventually("an idle batch job", async () =>
      (await this.batchRuns()).every(({ CompletedOn }) => CompletedOn),
    );
  }

  batchRuns(): Promise<JobRun[]> {
    return this.runsOf(BATCH_JOB);
  }

  listerRuns(): Promise<JobRun[]> {
    return this.runsOf(ledgerListerJobName(environment));
  }

  private async runsOf(JobName: string): Promise<JobRun[]> {
    const { JobRuns = [] } = await this.platform.glue.send(new GetJobRunsCommand({ JobName }));
    return JobRuns;
  }

  async state(): Promise<LedgerState> {
    const client = this.platform.ledger.client();
    client.on("error", () => undefined);
    await client.connect();
    try {
      return await ledgerState(client, this.uploads);
    } finally {
      await client.end();
    }
  }

  /** Waits until S3's events or a lister have registered all uploads in the ledger. */
  registered(): Promise<unknown> {
    return eventually("a row for each file", async () => {
      const { registered } = await this.state();
      return registered === this.uploads.length;
    });
  }

  /**
   * Starts the batch job repeatedly, while a run leaves something, until all is done. No run is active then:
   * one would take what a test uploads next from the run that the test starts.
   */
  async finish(): Promise<void> {
    await eventually("an outcome of each file", async () => {
      await this.idle();
      const { settled, unarchived } = await this.state();
      if (settled === this.uploads.length && unarchived === 0) return true;
      await this.startBatchJob();
      return false;
    }).catch(async (error: Error) => {
      throw new Error(`${error.message}; the newest run of the batch job said:\n${await this.said()}`);
    });
  }

  /** The last lines of the newest run of the batch job that has ended. */
  private async said(): Promise<string> {
    const run = (await this.batchRuns()).find(({ CompletedOn }) => CompletedOn);
    const file = join(this.platform.output, "batch.log");
    await saveJobLogs(clientsOf(this.platform.aws).logs, run ? [run] : [], file);
    return readFileSync(file, "utf8").split("\n").slice(-SHOWN_LINES).join("\n");
  }

  async accounts(): Promise<Accounts> {
    const { python, variables, output } = this.platform;
    const { signal } = new AbortController();
    const common = { environment, output, signal, python, variables };
    const { [DATASET]: accounts } = await accountFor("ledger", { ...common, uploads: this.uploads });
    if (accounts === undefined) throw new Error("nothing was uploaded");
    return accounts;
  }
}

function event(id: string): string {
  return JSON.stringify({
    id,
    event_timestamp: "2026-02-10T08:00:00Z",
    MODE: "train",
    metadata: { app_version: "1.10" },
    payload: { transaction_id: id, items: [{ sku: "A", quantity: 1, price: "2.50" }] },
  });
}
