import type { Item } from "../../runtime/aws/dynamo";
import { announcement } from "../../runtime/aws/s3-record";
import { inParallel, withBackoff } from "../../runtime/in-parallel";
import { log } from "../../runtime/log";
import { readTracked } from "../../runtime/manifests/tracking";
import { isDue } from "./due";
import { judgeManifest, type Verdict } from "./judge-manifest";
import { sendAll, tellControlPlane } from "./messages";
import type { OpenFile } from "./open-files";
import type { ManifestsReconciler, Repairs } from "./reconciler";

const MANIFESTS_AT_ONCE = 8;
const READS_AT_ONCE = 16;
/**
 * Maximum number of names of files and columns that are kept, some 120 bytes each: a job that was down for a
 * day has millions.
 */
const MAX_KEPT = 500_000;

/** Round through the index of open files. */
export interface Round {
  /** Start, ISO 8601. */
  began: string;
  /** Next partition of the index. */
  partition: number;
  startKey?: Item | undefined;
  /** True where manifests could be resent in all of it. */
  sending: boolean;
}

/** Starts of the last rounds that could repeat an announcement, ISO 8601. */
interface Since {
  last?: string;
  lastSending?: string;
  /** True where manifests may be resent now. */
  sending: boolean;
}

/**
 * Repairs open files, and each of their manifests once an invocation, though it may have to be looked at
 * again.
 */
export class TakeUp {
  private kept = 0;
  private readonly verdicts = new Map<string, Verdict>();
  private readonly handled = new Set<string>();
  /** Errors of manifests that cannot be judged: they must not keep the others waiting. */
  readonly errors: Error[] = [];

  constructor(
    private readonly reconciler: ManifestsReconciler,
    private readonly repairs: Repairs,
    private readonly since: Since,
    private readonly mostKept = MAX_KEPT,
  ) {}

  /**
   * Announces again what would make these files continue: to the builder, to the streaming job, or to the
   * control plane.
   *
   * @throws MessagesRefusedError when SQS refused some messages; the others are sent
   */
  async files(open: readonly OpenFile[]): Promise<void> {
    const { last, lastSending } = this.since;
    const due = open.filter((file) => this.isDue(file, lastSending));
    await this.judge(new Set(due.map(({ manifestPath }) => manifestPath)));
    const lost: OpenFile[] = [];
    const manifests = new Map<string, Verdict>();
    for (const file of due) {
      const verdict = this.verdicts.get(file.manifestPath);
      if (!verdict) continue;
      if (!lists(verdict, file)) {
        if (this.isDue(file, last)) lost.push(file);
      } else if (verdict.kind === "waiting" || this.isDue(file, last)) {
        manifests.set(file.manifestPath, verdict);
      }
    }
    await this.announce(lost);
    await this.bringOn(manifests);
  }

  private isDue({ createdAt }: OpenFile, last: string | undefined): boolean {
    const { clock, graceMs } = this.reconciler;
    return isDue(createdAt, last === undefined ? undefined : new Date(last), clock.now(), graceMs);
  }

  private async judge(paths: ReadonlySet<string>): Promise<void> {
    if (this.kept > this.mostKept) {
      this.verdicts.clear();
      this.kept = 0;
    }
    const unknown = [...paths].filter((path) => !this.verdicts.has(path));
    const errors = await inParallel(unknown, MANIFESTS_AT_ONCE, async (path) => {
      const verdict = await withBackoff(this.reconciler.clock, () => judgeManifest(this.reconciler, path));
      this.verdicts.set(path, verdict);
      this.kept += verdict.files.size + (verdict.kind === "published" ? verdict.receipt.columns.length : 0);
    });
    this.errors.push(...errors);
  }

  /**
   * Announces files that no manifest lists: the builder fences the manifest of their claim, and claims them
   * again.
   */
  private async announce(lost: readonly OpenFile[]): Promise<void> {
    const { tracking, clock, inputsQueue } = this.reconciler;
    const messages: object[] = [];
    const errors = await inParallel(lost, READS_AT_ONCE, async ({ item, manifestPath }) => {
      const file = await withBackoff(clock, () => readTracked(tracking, item));
      // the index may be behind the table
      if (file?.status !== "manifested" || file.manifestPath !== manifestPath) return;
      messages.push(announcement(file, "Reconciled"));
    });
    await sendAll(inputsQueue, clock, messages);
    this.repairs.announced += messages.length;
    if (messages.length > 0) {
      log("warn", "announced files whose claim came to nothing", { files: messages.length });
    }
    if (errors[0]) throw errors[0];
  }

  private async bringOn(manifests: ReadonlyMap<string, Verdict>): Promise<void> {
    const { manifestsQueue, clock } = this.reconciler;
    const left = [...manifests].filter(([path]) => !this.handled.has(path));
    const waiting = this.since.sending ? left.flatMap(([, it]) => (it.kind === "waiting" ? [it] : [])) : [];
    const published = left.flatMap(([, it]) => (it.kind === "published" ? [it.receipt] : []));
    for (const [path] of left) this.handled.add(path);
    const bucket = this.reconciler.manifests.name;
    const messages = waiting.map(({ key, generation }) => ({ manifest: { bucket, key }, generation }));
    await sendAll(manifestsQueue, clock, messages);
    this.repairs.resent += messages.length;
    await tellControlPlane(this.reconciler, published);
    this.repairs.completed += published.length;
    for (const { key } of waiting) log("warn", "sent a manifest again that has no output", { key });
    for (const { id } of published) log("warn", "told the control plane of a receipt", { manifest: id });
  }
}

/**
 * Returns whether a manifest lists an open file. The row of a replaced version is named `<key>#<version>`.
 */
function lists({ files }: Verdict, { item }: OpenFile): boolean {
  const { date_prefix, file_name } = item;
  if (!date_prefix.endsWith("#versions")) return files.has(file_name);
  return files.has(file_name.slice(0, file_name.lastIndexOf("#")));
}
