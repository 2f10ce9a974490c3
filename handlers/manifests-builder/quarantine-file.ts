import { CopyObjectCommand, PutObjectCommand, S3ServiceException } from "@aws-sdk/client-s3";
import { log } from "../../runtime/log";
import { quarantineFolder } from "../../runtime/manifests/quarantine-folder";
import { baseName } from "../../runtime/manifests/text-datasets";
import { headKey, putIfNew, type TrackedFile } from "../../runtime/manifests/tracking";
import type { Invocation } from "./builder";
import { isGone } from "./content";
import { copyInParts, LARGEST_COPY } from "./copy-in-parts";
import type { Input } from "./input";
import type { Quarantine } from "./plan";
import { noteBesideHead } from "./tracked";

/** Maximum length of a base name, in bytes, that leaves room for its folder in an object's key. */
const LONGEST_NAME = 900;

/**
 * Copies a file that no manifest takes to the quarantine bucket, with its reason next to it, then records it
 * in the table. Repeating it changes nothing. The original stays.
 */
export async function quarantineFile(invocation: Invocation, quarantine: Quarantine): Promise<void> {
  const { quarantine: bucket, retry, clock, tally } = invocation;
  const { file, reason, message } = quarantine;
  const folder = quarantineFolder(quarantine.date, file);
  const copied = await copy(invocation, file, `${folder}/${fitting(baseName(file.key))}`);
  const { key, version: version_id } = file;
  const at = clock.now().toISOString();
  const note = { bucket: file.bucket, key, version_id, reason, message: withNote(message, copied), at };
  await retry(() => putOnce(bucket, `${folder}/reason.json`, `${JSON.stringify(note)}\n`));
  if (await track(invocation, quarantine)) tally.count("FilesQuarantined");
  else tally.count("FilesKnown");
  log("warn", "quarantined a file", { key, version: version_id, reason, detail: note.message });
}

function withNote(message: string, copied: boolean): string {
  return copied ? message : `${message}; the version was gone before it could be copied`;
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

/** Copies the version; returns false when it was gone. */
async function copy({ quarantine, retry }: Invocation, file: Input, key: string): Promise<boolean> {
  const source = `${file.bucket}/${file.key.split("/").map(encodeURIComponent).join("/")}?versionId=${encodeURIComponent(file.version)}`;
  try {
    if (file.size > LARGEST_COPY) await copyInParts(quarantine, retry, { source, size: file.size, key });
    else {
      await retry(() =>
        quarantine.client.send(
          new CopyObjectCommand({
            Bucket: quarantine.name,
            Key: key,
            CopySource: source,
            // to copy tags takes permissions of their own
            TaggingDirective: "REPLACE",
          }),
        ),
      );
    }
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
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

/** Records the file; returns whether the item is new. A file without another version has it as its head. */
async function track({ table, retry, clock }: Invocation, quarantine: Quarantine): Promise<boolean> {
  const tracked = quarantined(quarantine, clock.now());
  const head = await retry(() => putIfNew(table, headKey(tracked, table.shards), tracked));
  if (head === undefined) return true;
  if (head.version === tracked.version) return false;
  return retry(() => noteBesideHead(table, tracked));
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
