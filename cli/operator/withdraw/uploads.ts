import {
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  PutObjectCommand,
  type PutObjectCommandInput,
} from "@aws-sdk/client-s3";
import type { Dataset } from "../../../datasets/schema/datasets";
import { bucketName } from "../../../environments/schema";
import { outputName } from "../../../runtime/uploads/output-name";
import { CommandError } from "../../../setup/errors";
import type { Operator } from "../command/operator";
import { correctionsOfUpload } from "../letters/books";
import { beginningOf, type CsvFormat, encoded, lineEndOf } from "../letters/csv-text";
import { type RawVersion, rawVersions } from "./raw-versions";
import type { PlanWithdrawal } from "./withdrawal";

/** Metadata of the version that stands for a withdrawn file. */
const MARK = { withdrawn: "true" };

/**
 * A newer version without rows replaces what is published, by the protocol of every newer version. It stays as the newest, so that none
 * before it comes back.
 */
export const withdrawUpload: PlanWithdrawal = async (operator, { key, dataset }) => {
  const Bucket = bucketName(operator.environment, "raw");
  const [newest, ...older] = await rawVersions(operator, key);
  if (newest === undefined) return undefined;
  const current = await currentOf(operator, Bucket, key);
  const isMarked = current?.Metadata?.["withdrawn"] === MARK.withdrawn;
  const body = isMarked ? undefined : await withoutRows(operator, newest, dataset);
  const corrections = await correctionsOfUpload(operator, `dead-letters/${dataset.name}/${outputName(key)}/`);
  const name = `${dataset.name}/${outputName(key)}/`;
  const raw = isMarked ? older : [newest, ...older];
  return {
    versions: raw,
    raw,
    objects: [
      { bucket: "quarantine", prefix: `dead-letters/${name}` },
      { bucket: "quarantine", prefix: `files/${name}` },
      { bucket: "curated", prefix: `stats/${name}` },
    ],
    steps: [
      ...corrections.map(
        (each) => `its corrected lines are a file of their own, and stay: withdraw ${each.key}`,
      ),
      isMarked
        ? `version ${newest.version}, which has no rows, stands for it`
        : "a version without rows is put in its place: the uploads job publishes it instead, within minutes",
    ],
    ...(body !== undefined && {
      before: () => replace(operator, { Bucket, Key: key, Body: body, Metadata: MARK }, current?.ETag),
    }),
  };
};

/** Metadata of the newest version; undefined where it is deleted. */
async function currentOf(
  { aws }: Operator,
  Bucket: string,
  Key: string,
): Promise<HeadObjectCommandOutput | undefined> {
  try {
    return await aws.s3.send(new HeadObjectCommand({ Bucket, Key }));
  } catch (error) {
    if (error instanceof Error && error.name === "NotFound") return undefined;
    throw error;
  }
}

/**
 * Puts an object in the place of the one that was looked at.
 *
 * @throws CommandError where a newer version came meanwhile, which is not meant
 */
async function replace(
  { aws }: Operator,
  object: PutObjectCommandInput,
  etag: string | undefined,
): Promise<void> {
  const condition = etag === undefined ? { IfNoneMatch: "*" } : { IfMatch: etag };
  try {
    await aws.s3.send(new PutObjectCommand({ ...object, ...condition }));
  } catch (error) {
    if (!(error instanceof Error && error.name === "PreconditionFailed")) throw error;
    throw new CommandError(`a newer version of ${object.Key} came meanwhile: look at it, and repeat`);
  }
}

/**
 * A file of the dataset that has no row.
 *
 * @throws CommandError where the dataset's files always have one
 */
async function withoutRows(operator: Operator, newest: RawVersion, dataset: Dataset): Promise<Buffer> {
  const { format, emptyFiles } = dataset;
  const isBinary = format.kind !== "csv" && format.kind !== "ndjson" && format.kind !== "json";
  if (isBinary || emptyFiles === "quarantine" || (format.kind === "csv" && !format.header)) {
    throw new CommandError(
      `a file of ${dataset.name} without rows is none of its files: upload one in its place with the rows that may stay`,
    );
  }
  if (format.kind !== "csv") return Buffer.of();
  const header = headerOfColumns(dataset, format) ?? (await headerOfFile(operator, newest, format));
  return encoded(header, format) ?? Buffer.from(header);
}

/**
 * A header that the dataset takes, whatever stands in that of the file: one that was quarantined for its header
 * would leave the rows of the version before.
 */
function headerOfColumns({ columns }: Dataset, format: CsvFormat): string | undefined {
  if (columns === undefined) return undefined;
  const { escape: taker, delimiter, skipLines } = format;
  const names = columns.map(({ name, header = name }) => {
    const text = taker === undefined ? header : header.replaceAll(taker, `${taker}${taker}`);
    return `"${text.replaceAll('"', '""')}"`;
  });
  const lineEnd = lineEndOf(format);
  return `${lineEnd.repeat(skipLines)}${names.join(delimiter)}${lineEnd}`;
}

async function headerOfFile(
  { aws, environment }: Operator,
  { key, version }: RawVersion,
  format: CsvFormat,
): Promise<string> {
  const Bucket = bucketName(environment, "raw");
  const { Body } = await aws.s3.send(new GetObjectCommand({ Bucket, Key: key, VersionId: version }));
  try {
    const { header = "" } = await beginningOf(Body as NodeJS.ReadableStream, format);
    return header;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(`${key}: ${error.message}: upload a file in its place that has its header alone`);
  }
}
