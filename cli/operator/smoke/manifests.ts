import { EntityNotFoundException, GetTableCommand } from "@aws-sdk/client-glue";
import { databaseName, manifestsJobName, trackingTableName } from "../../../environments/schema";
import { readStreamingJob } from "../../../runtime/manifests/control";
import {
  deadLettersKey,
  type ManifestName,
  manifestKey,
  parquetKey,
  parseManifestKey,
  readManifest,
  receiptKey,
} from "../../../runtime/manifests/manifests";
import { quarantineFolder } from "../../../runtime/manifests/quarantine-folder";
import { headKey, type TrackedFile } from "../../../runtime/manifests/tracking";
import { SMOKE_DATASETS } from "../../../runtime/smoke";
import { readIntake } from "../manifests/intake";
import { manifestsBucket } from "../manifests/outputs";
import { controlTable } from "../manifests/scale";
import { readHead, trackingTable } from "../manifests/tracking";
import { readDeadLetters } from "../pipelines/letters";
import type { Found } from "./checks";
import { readRows } from "./reading";
import { type Below, type Removed, removeItem, removeObjects } from "./removal";
import { hopeless, runsSince, runWords } from "./runs";
import { type Look, PipelineTest } from "./test";

/** Columns of the rows, which come into the catalog with the first manifest that has them. */
const COLUMNS = ["label", "number", "text"];
/** More dead letters than there are. */
const MOST = 10;

/** Test of the manifests pipeline, whose streaming job runs anyway. */
export class ManifestsTest extends PipelineTest {
  readonly wanted = "completed";
  readonly awaited = "an outcome in the file-tracking table, and its columns in the catalog";
  readonly job = undefined;
  private head: TrackedFile | undefined;

  async obstacle(): Promise<string | undefined> {
    const { environment } = this.operator;
    const { desired } = await readStreamingJob(controlTable(this.operator));
    if (desired === "stopped") {
      return `the streaming job is stopped: npx tributary manifests start --environment ${environment.name}`;
    }
    const { state, served } = await readIntake(this.operator);
    if (served === "lambda" && !/^Enabl/.test(state)) {
      return `the builder's event source is ${state}: npx tributary manifests resume --environment ${environment.name}`;
    }
    return undefined;
  }

  async look(): Promise<Look> {
    this.head = await readHead(this.operator, this.sent.key);
    const job = manifestsJobName(this.operator.environment);
    const runs = await runsSince(this.operator, job, this.sentAt);
    const words = runWords(job, runs);
    if (this.head === undefined) return { state: `not in the file-tracking table, ${words}`, ended: false };
    const { status } = this.head;
    if (status === "manifested") {
      return { state: `${status}, ${words}`, ended: false, hopeless: hopeless(job, runs) };
    }
    if (status !== "completed") return { state: status, ended: true };
    const missing = await this.missingColumns();
    if (missing.length === 0) return { state: status, ended: true };
    return {
      state: `completed, table ${this.sent.dataset} lacks columns: ${missing.join(", ")}`,
      ended: false,
    };
  }

  async found(): Promise<Found> {
    const { name } = this;
    const letters =
      name && (await readDeadLetters(this.operator, deadLettersKey(name), this.file, { lines: MOST }));
    return {
      status: this.head?.status ?? "",
      reason: this.head?.errorMessage,
      rows:
        this.head?.status === "completed"
          ? await readRows(this.operator, this.sent, `"date" = '${this.sent.date}'`)
          : [],
      deadLetters: (letters?.first ?? []).map(({ line, raw_text: text = "" }) => ({ line, text })),
    };
  }

  /** The builder may have its message, or the job its manifest: a file that is gone then counts as failed for good. */
  async withdraw(): Promise<boolean> {
    return false;
  }

  /** Removes the manifest with its outputs, unless it lists files of another test, too. */
  async remove(): Promise<Removed> {
    const { name } = this;
    const others = name === undefined ? [] : await this.othersIn(name);
    const isOwn = name !== undefined && others.length === 0;
    const objects = await removeObjects(this.operator, [...this.ownPlaces, ...(isOwn ? placesOf(name) : [])]);
    const { date_prefix, file_name } = headKey(this.sent, trackingTable(this.operator).shards);
    await removeItem(this.operator, trackingTableName(this.operator.environment), {
      date_prefix: { S: date_prefix },
      file_name: { S: file_name },
    });
    const left = others.map((key) => `manifest ${name?.id} and its outputs, which ${key} shares`);
    return { objects, left };
  }

  private get file() {
    return { key: this.sent.key, version: this.version };
  }

  private get name(): ManifestName | undefined {
    return this.head?.manifestPath === undefined ? undefined : parseManifestKey(this.head.manifestPath);
  }

  private get ownPlaces(): Below[] {
    return [
      { bucket: "raw", prefix: this.sent.key },
      { bucket: "quarantine", prefix: `${quarantineFolder(this.sent.date, this.file)}/` },
    ];
  }

  private async othersIn(name: ManifestName): Promise<string[]> {
    const manifest = await readManifest(manifestsBucket(this.operator), manifestKey(name));
    return (manifest?.entries ?? []).map(({ key }) => key).filter((key) => key !== this.sent.key);
  }

  private async missingColumns(): Promise<string[]> {
    const { aws, environment } = this.operator;
    try {
      const { Table } = await aws.glue.send(
        new GetTableCommand({ DatabaseName: databaseName(environment), Name: SMOKE_DATASETS.manifests }),
      );
      const columns = new Set((Table?.StorageDescriptor?.Columns ?? []).map(({ Name }) => Name));
      return COLUMNS.filter((column) => !columns.has(column));
    } catch (error) {
      if (error instanceof EntityNotFoundException) return COLUMNS;
      throw error;
    }
  }
}

function placesOf(name: ManifestName): Below[] {
  return [
    { bucket: "manifests", prefix: manifestKey(name) },
    { bucket: "manifests", prefix: receiptKey(name) },
    { bucket: "curated", prefix: parquetKey(name) },
    { bucket: "quarantine", prefix: deadLettersKey(name) },
  ];
}
