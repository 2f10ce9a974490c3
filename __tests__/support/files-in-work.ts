import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Pipeline } from "../../environments/schema";
import { type Upload, upload } from "../../local/inputs/uploads";
import { accountFor, type FileAccounts } from "../../local/outcome/accounts";
import { Clicks } from "./clicks";
import { eventually } from "./eventually";
import {
  customers,
  environment,
  finished,
  HEADER,
  holdWork,
  idle,
  jobRuns,
  killJob,
  rawBucket,
  statusOf,
  type TestPlatform,
  withoutNotification,
} from "./local-platform";
import { RawJson } from "./raw-json";
import { StreamingJob } from "./streaming-job";

/** Files that a run holds, and such as wait behind them. */
const IN_WORK = 2;
const WAITING = 2;

/** A file with a line that becomes a dead letter. */
const WITH_BAD_LINE = `${HEADER}\n1,A,a@b.de,01-04-2025,1,x\n2,B\n`;

/** What becomes of the run that holds a file, once something has changed around it. */
export type Fate = "goes on" | "dies";

/** Script of each pipeline's job. */
const SCRIPTS = {
  uploads: "uploads_job",
  manifests: "manifests_stream",
  ledger: "ledger_batch",
} as const satisfies Record<Pipeline, string>;

/** Fate of each pipeline's run. */
export type Fates = Readonly<Record<Pipeline, Fate>>;

/** Files of all pipelines, of which some wait, some are in work and some are done when something changes around them. */
export class FilesInWork {
  readonly clicks: Clicks;
  readonly rawJson: RawJson;
  /** Keys and versions of all files that were sent until the end of each round. */
  readonly rounds: ReadonlySet<unknown>[] = [];
  private readonly uploads: Upload[] = [];
  private readonly stream: StreamingJob;
  private count = 0;

  /**
   * @param rounds how often files will be put in work
   * @param others files of clicks that others will send
   */
  constructor(
    private readonly platform: TestPlatform,
    rounds: number,
    others: number,
  ) {
    this.clicks = new Clicks(platform, rounds * (IN_WORK + WAITING) + others);
    this.rawJson = new RawJson(platform);
    this.stream = new StreamingJob(platform);
  }

  /**
   * Puts files in work in every pipeline, lets `change` happen while the work is held, and waits until each has its outcome.
   */
  async survive(change: () => Promise<void>, fates: Fates): Promise<void> {
    await this.upload([WITH_BAD_LINE]);
    await this.uploadsDone();
    const stream = await this.stream.replaceRun();
    await this.clicks.send(IN_WORK);
    await this.held("manifests", stream, fates, async () => {
      await eventually("a manifest in work", async () => (await this.stream.inWork()) > 0);
      await this.rawJson.send(IN_WORK);
      await this.rawJson.registered();
      await this.held("ledger", await this.rawJson.startBatchJob(), fates, async () => {
        await eventually("a batch in work", () => this.hasClaimedBatch());
        await idle(this.platform);
        await this.upload([customers(this.next())]);
        await this.held("uploads", await this.runOfUploads(), fates, async () => {
          await this.letWait();
          await change();
        });
      });
    });
    if (fates.manifests === "dies") await this.startStream();
    await this.drained();
    // what is sent from now on is the new code's
    if (fates.manifests === "goes on") await this.stream.replaceRun();
    const sent = Object.values(this.sent).flat();
    this.rounds.push(new Set(sent.flatMap(({ key, version }) => [key, version])));
  }

  /** Accounts of each file that was sent, counted from the files and the outputs themselves; undefined of one that has none. */
  async accounts(): Promise<readonly (FileAccounts | undefined)[]> {
    const { python, variables, output } = this.platform;
    const { signal } = new AbortController();
    const common = { environment, output, signal, python, variables };
    const found: (FileAccounts | undefined)[] = [];
    for (const [pipeline, uploads] of Object.entries(this.sent)) {
      const all = Object.values(await accountFor(pipeline as Pipeline, { ...common, uploads }));
      for (const { key, version } of uploads) {
        found.push(all.map(({ byFile }) => byFile[`${key} ${version}`]).find((each) => each !== undefined));
      }
    }
    return found;
  }

  private get sent(): Readonly<Record<Pipeline, readonly Upload[]>> {
    return { uploads: this.uploads, manifests: this.clicks.uploads, ledger: this.rawJson.uploads };
  }

  /** Holds the work of a run meanwhile, and then lets it meet its fate. */
  private held(pipeline: Pipeline, run: string, fates: Fates, meanwhile: () => Promise<void>): Promise<void> {
    const script = SCRIPTS[pipeline];
    return holdWork(run, script, async () => {
      await meanwhile();
      if (fates[pipeline] === "dies") killJob(run, script);
    });
  }

  private async hasClaimedBatch(): Promise<boolean> {
    const client = this.platform.ledger.client();
    await client.connect();
    const { rows } = await client.query("SELECT count(*) FROM ledger.batches WHERE state = 'CLAIMED'");
    await client.end();
    return Number(rows[0].count) > 0;
  }

  /** Uploads what has to wait: announced, and by no event. */
  private async letWait(): Promise<void> {
    const announced = Array.from({ length: WAITING }, () => customers(this.next()));
    await this.upload(announced);
    await withoutNotification(this.platform, () => this.upload([customers(this.next())]));
    await this.clicks.send(WAITING);
    await this.rawJson.send(WAITING);
    await this.rawJson.registered();
  }

  /** Waits until each file has its outcome. */
  private async drained(): Promise<void> {
    await this.uploadsDone();
    await this.rawJson.finish();
    await eventually("an outcome of each file of clicks", () => this.clicks.areSettled());
  }

  private async uploadsDone(): Promise<void> {
    for (const { key, version } of this.uploads) await finished(this.platform, key, version);
  }

  private async startStream(): Promise<void> {
    await eventually("a run of the streaming job", async () =>
      (await this.stream.runs()).every(({ CompletedOn }) => CompletedOn),
    );
    await this.stream.start();
  }

  private async upload(texts: readonly string[]): Promise<void> {
    const { s3, output } = this.platform;
    const inputs = texts.map((text) => {
      const key = `input/customers/in-work/${this.next()}.csv`;
      const path = join(output, "in-work", key);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      return { path, key, dataset: "customers" };
    });
    const { signal } = new AbortController();
    this.uploads.push(...(await upload({ s3, bucket: rawBucket, signal }, inputs)));
  }

  private runOfUploads(): Promise<string> {
    return eventually("a run that holds the file", async () => {
      const [newest] = this.uploads.slice(-1);
      if (newest === undefined || (await statusOf(this.platform, newest.key, newest.version)) === undefined)
        return undefined;
      return (await jobRuns(this.platform)).find(({ JobRunState }) => JobRunState === "RUNNING")?.Id;
    });
  }

  private next(): number {
    this.count += 1;
    return this.count;
  }
}
