import { CopyObjectCommand, PutObjectCommand, S3ServiceException } from "@aws-sdk/client-s3";
import { log } from "../../runtime/log";
import { baseName } from "../../runtime/manifests/datasets";
import { quarantineFolder } from "../../runtime/manifests/quarantine-folder";
import {
  headKey,
  putIfNew,
  readTracked,
  type TrackedFile,
  versionKey,
} from "../../runtime/manifests/tracking";
import { auditRejected } from "./audit-rejected";
import type { Invocation } from "./builder";
import { checkTime } from "./claim";
import { isGone } from "./content";
import type { Input } from "./input";
import type { Quarantine } from "./plan";
import { noteBesideHead } from "./tracked";
import { whyUnreadable } from "./unreadable";

/**
 * Maximum number of bytes of a copy: S3 answers only when all is copied, which must not take longer than a
 * call's time limit. The jobs copy no more, either (quarantine.py).
 */
const LARGEST_COPY = 100 * 2 ** 20;

/** Time of an invocation, in milliseconds, in which it waits for copies no more, but reports its failures. */
const REPORT_MS = 5_000;

/** Maximum length of a base name, in bytes, that leaves room for its folder in an object's key. */
const LONGEST_NAME = 900;

/**
 * Copies a file that no manifest takes to the quarantine bucket, with its reason next to it, then records it
 * in the table, and tells the audit. A file that is too large to copy, or that nobody here can read, has its reason alone.
 * Repeating it changes nothing. The original stays.
 *
 * @throws OutOfTimeError when the invocation's time is nearly over
 */
export async function quarantineFile(invocation: Invocation, quarantine: Quarantine): Promise<void> {
  const { quarantine: bucket, audit, retry, clock, tally } = invocation;
  const { file, reason } = quarantine;
  checkTime(invocation, file);
  const folder = quarantineFolder(quarantine.date, file);
  const noCopy = await copy(invocation, file, `${folder}/${fitting(baseName(file.key))}`);
  const message = noCopy === undefined ? quarantine.message : `${quarantine.message}; ${noCopy}`;
  const { key, version: version_id } = file;
  const at = clock.now().toISOString();
  const note = { bucket: file.bucket, key, version_id, reason, message, at };
  await retry(() => putOnce(bucket, `${folder}/reason.json`, `${JSON.stringify(note)}\n`));
  const { isNew, item } = await track(invocation, quarantine);
  tally.count(isNew ? "FilesQuarantined" : "FilesKnown");
  const isRejected = item?.status === "quarantined" && item.manifestPath === undefined;
  if (audit && isRejected) await retry(() => auditRejected(audit, item));
  log("warn", "quarantined a file", { key, version: version_id, reason, detail: message });
}

/** Shortens a name that would be too long to its end. */
function fitting(name: string): string {
  const bytes = Buffer.from(name);
  if (bytes.length <= LONGEST_NAME) return name;
  return bytes
    .subarray(-LONGEST_NAME)
    .toString()
    .replace(/^\uFFFD+/, "");
}

/** Copies the version; returns the reason where that cannot be. */
async function copy(invocation: Invocation, file: Input, key: string): Promise<string | undefined> {
  const { quarantine, retry, remainingMs } = invocation;
  if (file.size > LARGEST_COPY) return `not copied: ${file.size} bytes, expected at most ${LARGEST_COPY}`;
  const source = `${file.bucket}/${file.key.split("/").map(encodeURIComponent).join("/")}?versionId=${encodeURIComponent(file.version)}`;
  const command = new CopyObjectCommand({
    Bucket: quarantine.name,
    Key: key,
    CopySource: source,
    // to copy tags takes permissions of their own
    TaggingDirective: "REPLACE",
  });
  const abortSignal = AbortSignal.timeout(Math.max(0, remainingMs() - REPORT_MS));
  try {
    await retry(() => quarantine.client.send(command, { abortSignal }));
    return undefined;
  } catch (error) {
    if (isGone(error)) return "the version was gone before it could be copied";
    const why = await whyUnreadable(invocation, file, error);
    if (why === undefined) throw error;
    return `not copied: ${why}`;
  }
}

/** Puts an object once: the first reason stays. */
async function putOnce({ client, name }: Invocation["quarantine"], key: string, body: string): Promise<void> {
  const put = new PutObjectCommand({
    Bucket: name,
    Key: key,
    Body: body,
    ContentType: "application/json",
    IfNoneMatch: "*",
  });
  try {
    await client.send(put);
  } catch (error) {
    if (!(error instanceof S3ServiceException && error.name === "PreconditionFailed")) throw error;
  }
}

interface Tracked {
  readonly isNew: boolean;
  /** What the table has of the version; absent where another delivery is about to write it. */
  readonly item?: TrackedFile | undefined;
}

/** Records the file. One without another version has it as its head. */
async function track({ table, retry, clock }: Invocation, quarantine: Quarantine): Promise<Tracked> {
  const tracked = quarantined(quarantine, clock.now());
  const head = await retry(() => putIfNew(table, headKey(tracked, table.shards), tracked));
  if (head === undefined) return { isNew: true, item: tracked };
  if (head.version === tracked.version) return { isNew: false, item: head };
  if (await retry(() => noteBesideHead(table, tracked))) return { isNew: true, item: tracked };
  return { isNew: false, item: await retry(() => readTracked(table, versionKey(tracked, table.shards))) };
}

function quarantined({ file, dataset, date, reason, message }: Quarantine, now: Date): TrackedFile {
  const { messages: _, ...described } = file;
  const time = now.toISOString();
  return {
    ...described,
    dataset,
    date,
    revision: 0,
    status: "quarantined",
    errorMessage: `${reason}: ${message}`,
    createdAt: time,
    updatedAt: time,
  };
}
