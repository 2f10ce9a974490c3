import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { bucketName } from "../../../environments/schema";
import { baseName } from "../../../runtime/manifests/datasets";
import { manifestKey, parseManifestKey, type Receipt } from "../../../runtime/manifests/manifests";
import type { TrackedFile } from "../../../runtime/manifests/tracking";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import type { DescribedFile, DescribedManifest, DescribedVersion } from "./described";
import { describedText } from "./described-text";
import { type FoundFile, findFile } from "./find";
import { generationOf, type Output, readDeadLetters, readOutput, readQuarantine } from "./outputs";
import { readHistory } from "./tracking";

export interface DescribeOptions {
  readonly file: string;
  /** Maximum number of dead letters to show. */
  readonly lines: number;
  /** Folder to save the newest version in. */
  readonly save?: string;
}

/** Shows all that is known about a file. */
export async function describeFile(operator: Operator, options: DescribeOptions): Promise<ExitCode> {
  const found = await findFile(operator, options.file);
  const versions = found.head ? [found.head, ...(await readHistory(operator, found.head))] : [];
  versions.sort(
    (one, other) => other.revision - one.revision || (one.uploadedAt < other.uploadedAt ? 1 : -1),
  );
  const described: DescribedVersion[] = [];
  for (const version of versions) described.push(await describeVersion(operator, version, options.lines));
  const file: DescribedFile = {
    key: found.key,
    ...(found.object === undefined ? {} : { object: withoutMetadata(found.object) }),
    versions: described,
  };
  operator.terminal.show(file, describedText(file, operator.environment));
  if (options.save !== undefined) await save(operator, found, options.save);
  return EXIT.ok;
}

function withoutMetadata({ version, size, modifiedAt }: NonNullable<FoundFile["object"]>) {
  return { version, size, modifiedAt };
}

async function describeVersion(
  operator: Operator,
  version: TrackedFile,
  lines: number,
): Promise<DescribedVersion> {
  const name = version.manifestPath === undefined ? undefined : parseManifestKey(version.manifestPath);
  const [output, deadLetters, quarantine] = await Promise.all([
    name && readOutput(operator, name, manifestKey(name)),
    name && readDeadLetters(operator, name, version, lines),
    version.status === "quarantined" ? readQuarantine(operator, version.date, version) : undefined,
  ]);
  return {
    ...version,
    ...(output === undefined ? {} : { manifest: describeManifest(version, output) }),
    ...(deadLetters === undefined || deadLetters.count === 0 ? {} : { deadLetters }),
    ...(quarantine === undefined ? {} : { quarantine }),
  };
}

function describeManifest(version: TrackedFile, output: Output): DescribedManifest {
  const { manifest, receipt, parquet } = output;
  return {
    key: version.manifestPath ?? "",
    state: stateOf(version, manifest?.entries),
    files: manifest?.entries.length ?? 0,
    ...(parquet === undefined
      ? {}
      : {
          parquet: {
            key: parquet.key,
            size: parquet.size,
            generation: generationOf(parquet),
            writtenAt: parquet.modifiedAt,
          },
        }),
    ...(receipt === undefined ? {} : { receipt: shortened(receipt) }),
  };
}

function stateOf(
  { key, version }: TrackedFile,
  entries: readonly { readonly key: string; readonly version_id: string }[] | undefined,
): DescribedManifest["state"] {
  if (entries === undefined) return "missing";
  if (entries.length === 0) return "fenced";
  const isListed = entries.some((entry) => entry.key === key && entry.version_id === version);
  return isListed ? "lists the file" : "without the file";
}

function shortened({ columns, quarantined, gone, latency_seconds, ...figures }: Receipt) {
  return { ...figures, columns: columns.length };
}

async function save(operator: Operator, { key, head, object }: FoundFile, folder: string): Promise<void> {
  const VersionId = head?.version ?? object?.version;
  const { Body } = await operator.aws.s3.send(
    new GetObjectCommand({
      Bucket: bucketName(operator.environment, "raw"),
      Key: key,
      ...(VersionId === undefined ? {} : { VersionId }),
    }),
  );
  await mkdir(folder, { recursive: true });
  const path = join(folder, baseName(key));
  await pipeline(Body as Readable, createWriteStream(path, { flags: "wx" }));
  operator.terminal.warn(`saved version ${VersionId} as ${path}`);
}
