import { bucketName } from "../../../environments/schema";
import { DAY_MS } from "../../../runtime/clock";
import { expectedAt } from "../../../runtime/expected";
import {
  deadLettersKey,
  type Manifest,
  type ManifestName,
  manifestKey,
  parseManifestKey,
  readManifest,
} from "../../../runtime/manifests/manifests";
import {
  type FileStatus,
  finishedTtl,
  headKey,
  readTracked,
  type TrackedFile,
  versionKey,
} from "../../../runtime/manifests/tracking";
import { NothingMatched, UsageError } from "../command/errors";
import { checkOneGiven } from "../command/given";
import type { Operator } from "../command/operator";
import { hasReplayed } from "../letters/books";
import { REPLAYED } from "../pipelines/again";
import { OPEN_STATUSES } from "./choices";
import type { FoundFile } from "./find";
import { countGone, mayBeGone } from "./gone";
import type { ObjectHead } from "./objects";
import { manifestsBucket, manifestsOfDate, readGenerations } from "./outputs";
import { filesOfDate, isOpen, type OpenFile, openFiles, readHistory, trackingTable } from "./tracking";

export interface Selection {
  readonly manifest?: string;
  readonly date?: string;
  readonly status?: FileStatus;
  readonly dataset?: string;
  /** Include manifests with files that are gone from the raw bucket, whose rows their outputs then lose. */
  readonly withoutGone?: boolean;
}

/** Order to process a manifest again: its outputs are replaced, whatever they are. */
export interface ManifestOrder {
  readonly kind: "manifest";
  readonly manifest: string;
  /**
   * Generation: one more than the last that was begun; 0 where none was, which adds nothing to what waits
   * already.
   */
  readonly generation: number;
  readonly why: string;
}

/** Order to let the manifest builder judge a version again. */
export interface AnnounceOrder {
  readonly kind: "announce";
  readonly bucket: string;
  readonly key: string;
  readonly version: string;
  readonly size: number;
  readonly uploadedAt: string;
  readonly sequencer?: string;
  /** True where the tracking table has it as rejected: that item has to go first. */
  readonly forget: boolean;
  readonly why: string;
}

/** File or manifest for which nothing can or need be done. */
export interface Left {
  readonly kind: "left";
  readonly what: string;
  readonly why: string;
}

export type Order = ManifestOrder | AnnounceOrder | Left;

/** Number of manifests in the cache, in which files are looked up; each takes some hundred KB. */
const KEPT = 64;

const GONE = "files that the raw bucket has no longer; --without-gone does it all the same";
const FORGOTTEN =
  "so old that its row may have expired: it could be published already; name its manifest or its date, or upload it again";

/** @throws UsageError unless files or manifests are selected in one way */
export function checkSelection({ manifest, date, status }: Selection): void {
  checkOneGiven("one of --manifest, or --date and/or --status", [
    { "--manifest": manifest },
    { "--date": date, "--status": status },
  ]);
}

/** Plans the orders, each manifest once; it reads as it goes, so that millions of files need no memory. */
export async function* planOf(operator: Operator, selection: Selection): AsyncGenerator<Order> {
  const { manifest, date, status, dataset, withoutGone = false } = selection;
  const plan = new Plan(operator, withoutGone);
  if (manifest !== undefined) yield await plan.manifestByName(manifest);
  else if (status === undefined) yield* plan.manifestsOf(date ?? "", dataset);
  else for await (const file of plan.filesOf(status, date, dataset)) yield* plan.tracked(file);
}

/** Versions of a file that are meant. */
export interface Which {
  /** Absent: the newest. */
  readonly version?: string;
  readonly onlyQuarantined: boolean;
}

/** Plans the orders of a file that was found. */
export function planOfFile(
  operator: Operator,
  file: FoundFile,
  which: Which,
  withoutGone: boolean,
): AsyncGenerator<Order> {
  return new Plan(operator, withoutGone).file(file, which);
}

class Plan {
  private readonly ordered = new Set<string>();
  private readonly manifests = new Map<string, Manifest | undefined>();

  constructor(
    private readonly operator: Operator,
    private readonly withoutGone: boolean,
  ) {}

  /**
   * Finds a manifest by its name.
   *
   * @throws NothingMatched when no such manifest exists
   */
  async manifestByName(text: string): Promise<Order> {
    const { name: bucket } = manifestsBucket(this.operator);
    const path = text.replace(`s3://${bucket}/`, "");
    const key = path.startsWith("manifests/") ? path : `manifests/${path}.json`;
    const name = parseManifestKey(key);
    if (name === undefined) {
      const wanted = "a manifest's key, or <dataset>/<yyyy-mm-dd>/<32 hex digits>";
      throw new UsageError(expectedAt("--manifest", wanted, text));
    }
    if ((await this.manifest(key)) === undefined) throw new NothingMatched(`no manifest ${key} stands`);
    return this.order(name, "named");
  }

  async *manifestsOf(date: string, dataset: string | undefined): AsyncGenerator<Order> {
    for await (const name of manifestsOfDate(this.operator, date, dataset)) {
      yield await this.order(name, "of that date");
    }
  }

  /** Reads the tracked files of a status: of a date by its partitions, else by the index. */
  async *filesOf(
    status: FileStatus,
    date: string | undefined,
    dataset: string | undefined,
  ): AsyncGenerator<TrackedFile> {
    if (date !== undefined) {
      yield* filesOfDate(this.operator, date, { status, dataset });
      return;
    }
    if (!isOpen(status)) {
      const wanted = `one of ${OPEN_STATUSES.join(", ")} without a --date`;
      throw new UsageError(expectedAt("--status", wanted, status));
    }
    for await (const open of openFiles(this.operator, status)) {
      const file = await this.read(open);
      if (file?.status === status && (dataset === undefined || file.dataset === dataset)) yield file;
    }
  }

  private read({ date, key, version }: OpenFile): Promise<TrackedFile | undefined> {
    const table = trackingTable(this.operator);
    const { shards } = table;
    return readTracked(
      table,
      version === undefined ? headKey({ date, key }, shards) : versionKey({ date, key, version }, shards),
    );
  }

  /** Plans a file: its newest version or the one that is meant, and what the bucket has beyond the tracking table. */
  async *file({ key, head, object }: FoundFile, { version, onlyQuarantined }: Which): AsyncGenerator<Order> {
    const history = head ? await readHistory(this.operator, head) : [];
    const known = [...(head ? [head] : []), ...history];
    // rejected after another version had been published, one has an item next to that
    const newest = known.filter((file) => file === head || file.status === "quarantined");
    for (const file of version === undefined ? newest : known.filter((each) => each.version === version)) {
      if (!onlyQuarantined || file.status === "quarantined") yield* this.tracked(file);
      else yield { kind: "left", what: key, why: `it is ${file.status}, not in quarantine` };
    }
    if (object === undefined || onlyQuarantined) return;
    if (known.some((file) => file.version === object.version)) return;
    if (version !== undefined && version !== object.version) return;
    if (mayBeForgotten(object, this.operator.now)) {
      yield { kind: "left", what: key, why: FORGOTTEN };
      return;
    }
    yield {
      kind: "announce",
      bucket: bucketName(this.operator.environment, "raw"),
      key,
      version: object.version,
      size: object.size,
      uploadedAt: object.modifiedAt,
      forget: false,
      why: "not in the tracking table",
    };
  }

  async *tracked(file: TrackedFile): AsyncGenerator<Order> {
    const { key, status, manifestPath } = file;
    const name = manifestPath === undefined ? undefined : parseManifestKey(manifestPath);
    if (status === "superseded" || status === "unchanged") {
      yield { kind: "left", what: key, why: `${status}: another version stands for it` };
    } else if (manifestPath === undefined || name === undefined) {
      yield announceOf(file, true, `${status}: ${file.errorMessage ?? "rejected"}`);
    } else if (this.ordered.has(manifestPath)) {
      return;
    } else if (status === "manifested" && !(await this.isListed(file, manifestPath))) {
      yield announceOf(file, false, "claimed for a manifest that was not written");
    } else {
      yield await this.order(name, `of ${key}, ${status}`);
    }
  }

  private async order(name: ManifestName, why: string): Promise<ManifestOrder | Left> {
    const { committed, begun } = await readGenerations(this.operator, name);
    const manifest = manifestKey(name);
    this.ordered.add(manifest);
    const gone = committed === undefined || this.withoutGone ? 0 : await this.goneOf(name);
    if (gone > 0) {
      return {
        kind: "left",
        what: manifest,
        why: `its output would lose the rows of ${gone} of its ${GONE}`,
      };
    }
    if (await hasReplayed(this.operator, deadLettersKey(name))) {
      return { kind: "left", what: manifest, why: REPLAYED };
    }
    return { kind: "manifest", manifest, generation: begun + 1, why };
  }

  private async goneOf(name: ManifestName): Promise<number> {
    // a file is not published before the eve of its date
    const earliest = new Date(Date.parse(name.date) - DAY_MS).toISOString();
    if (!mayBeGone(this.operator, earliest)) return 0;
    const manifest = await this.manifest(manifestKey(name));
    return manifest === undefined ? 0 : countGone(this.operator, manifest);
  }

  private async isListed({ key, version }: TrackedFile, manifestPath: string): Promise<boolean> {
    const entries = (await this.manifest(manifestPath))?.entries ?? [];
    return entries.some((entry) => entry.key === key && entry.version_id === version);
  }

  private async manifest(key: string): Promise<Manifest | undefined> {
    if (!this.manifests.has(key)) {
      const [oldest] = this.manifests.keys();
      if (this.manifests.size >= KEPT && oldest !== undefined) this.manifests.delete(oldest);
      this.manifests.set(key, await readManifest(manifestsBucket(this.operator), key));
    }
    return this.manifests.get(key);
  }
}

/**
 * Returns whether the row of a version that was uploaded then may have expired: announced, it would be
 * published again.
 */
function mayBeForgotten({ modifiedAt }: ObjectHead, now: Date): boolean {
  return finishedTtl(new Date(modifiedAt)) * 1_000 <= now.getTime();
}

function announceOf(file: TrackedFile, forget: boolean, why: string): AnnounceOrder {
  const { bucket, key, version, size, uploadedAt, sequencer } = file;
  const described = { bucket, key, version, size, uploadedAt, forget, why };
  return { kind: "announce", ...described, ...(sequencer === undefined ? {} : { sequencer }) };
}
