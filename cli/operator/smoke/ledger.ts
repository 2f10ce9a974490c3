import { StartJobRunCommand } from "@aws-sdk/client-glue";
import { ledgerBatchJobName, processedPrefix, STAGING_PREFIX } from "../../../environments/schema";
import { refusalOf } from "../../../runtime/aws/job-run";
import type { DescribedBatch, LedgerFile } from "../../../runtime/ledger/operator-protocol";
import { quarantineFolder } from "../../../runtime/manifests/quarantine-folder";
import { SMOKE_PREFIXES } from "../../../runtime/smoke";
import { ask } from "../ledger/ask";
import type { Found } from "./checks";
import { readLetters, readRows } from "./reading";
import { type Below, type Removed, removeObjects } from "./removal";
import { hopeless, isActive, runsSince, runWords } from "./runs";
import { type Look, PipelineTest } from "./test";

const FINISHED = new Set(["succeeded", "partial"]);
/** Runs that are started for a file before it is given up. */
const MOST_RUNS = 3;
/** Looks in a row that find the file in work and no run: one look may fall between the end of a run and its last write. */
const IDLE_LOOKS = 3;

/** Test of the ledger pipeline: the batch job is started for the file, unless a run is at work. */
export class LedgerTest extends PipelineTest {
  readonly wanted = "partial";
  readonly awaited = "an outcome in the ledger, and the archive";
  private file: LedgerFile | undefined;
  private batch: DescribedBatch | null = null;
  private readonly started: string[] = [];
  private idleLooks = 0;

  get job(): string {
    return ledgerBatchJobName(this.operator.environment);
  }

  async obstacle(): Promise<undefined> {
    return undefined;
  }

  async look(): Promise<Look> {
    const { files } = await ask(this.operator, "find", { names: [this.sent.key] });
    this.file = files.find(({ version }) => version === this.version);
    if (this.file === undefined) return { state: "not in the ledger", ended: false };
    const { status, batch, error } = this.file;
    if (status === "quarantined") return { state: status, ended: true };
    if (batch !== null) this.batch = await ask(this.operator, "batch", { batch });
    if (FINISHED.has(status) && this.batch?.archivedAt) return { state: status, ended: true };
    // the ledger tries it again after a minute; a smoke test has seen enough
    if (status === "failed") return { state: status, ended: false, hopeless: `its attempt failed: ${error}` };
    return { ...(await this.keepRunning(status)), ended: false };
  }

  async found(): Promise<Found> {
    const letters = this.objectsIn("quarantine");
    return {
      status: this.file?.status ?? "",
      reason: this.file?.error ?? undefined,
      rows: await readRows(this.operator, this.sent),
      deadLetters: (await Promise.all(letters.map((key) => readLetters(this.operator, key)))).flat(),
    };
  }

  withdraw(): Promise<boolean> {
    return this.forget();
  }

  async remove(): Promise<Removed> {
    const objects = await removeObjects(this.operator, this.places);
    const left = this.file === undefined || (await this.forget()) ? [] : ["its rows in the ledger"];
    return { objects, left };
  }

  /** Lets the ledger forget the file, unless a run works on it; false where it does not know it. */
  private async forget(): Promise<boolean> {
    const { files } = await ask(this.operator, "forget-smoke-test", { key: this.sent.key });
    if (files > 0) this.file = undefined;
    return files > 0;
  }

  /** Starts a run where none is at work, as an operator would; one may end as the file is registered. */
  private async keepRunning(status: string): Promise<Omit<Look, "ended">> {
    const runs = await runsSince(this.operator, this.job, this.sentAt);
    const state = `${status}, ${runWords(this.job, runs)}`;
    // a run that was started a moment ago may not be listed yet
    const isIdle = !runs.some(isActive) && this.started.every((id) => runs.some(({ Id }) => Id === id));
    this.idleLooks = isIdle ? this.idleLooks + 1 : 0;
    if (!isIdle) return { state };
    if (status !== "pending") return { state, hopeless: this.idleLooks < IDLE_LOOKS ? undefined : state };
    const why = hopeless(this.job, runs);
    if (why !== undefined) return { state, hopeless: why };
    if (this.started.length === MOST_RUNS) return { state, hopeless: `${MOST_RUNS} runs left it; ${state}` };
    await this.start();
    return { state };
  }

  private async start(): Promise<void> {
    try {
      const { JobRunId } = await this.operator.aws.glue.send(new StartJobRunCommand({ JobName: this.job }));
      if (JobRunId !== undefined) this.started.push(JobRunId);
    } catch (error) {
      // somebody else's run was faster, and takes the file; or Glue has none left now, and the next look asks again
      if (refusalOf(error) === undefined) throw error;
    }
  }

  /** Keys of the batch's objects in a bucket: a smoke test's file makes a batch of its own. */
  private objectsIn(bucket: "curated" | "quarantine"): string[] {
    return (this.batch?.objects ?? []).filter((each) => each.bucket === bucket).map(({ name }) => name);
  }

  private get places(): Below[] {
    const archived = processedPrefix(SMOKE_PREFIXES.ledger);
    const quarantined = quarantineFolder(this.sent.dataset, { key: this.sent.key, version: this.version });
    return [
      { bucket: "raw", prefix: this.sent.key },
      { bucket: "raw", prefix: `${archived}${this.version}/` },
      { bucket: "quarantine", prefix: `${quarantined}/` },
      ...(["curated", "quarantine"] as const).flatMap((bucket) =>
        this.objectsIn(bucket).map((prefix) => ({ bucket, prefix })),
      ),
      ...(this.batch === null
        ? []
        : [{ bucket: "curated" as const, prefix: `${STAGING_PREFIX}${this.batch.id}/` }]),
    ];
  }
}
