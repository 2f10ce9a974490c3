import { createHash } from "node:crypto";
import { GetObjectCommand, NoSuchKey, type S3Client } from "@aws-sdk/client-s3";
import manifestSchema from "../../glue/tributary/manifests/manifest.schema.json";
import receiptSchema from "../../glue/tributary/manifests/receipt.schema.json";
import { schemaCheck } from "./json-schema";

/** Entry of a manifest, as in `glue/tributary/manifests/manifest.schema.json`. */
export interface ManifestEntry {
  readonly bucket: string;
  readonly key: string;
  readonly version_id: string;
  /** Bytes. */
  readonly size: number;
  readonly sequencer: string | null;
  readonly revision: number;
  readonly uploaded_at: string;
}

/** Files of one dataset and date that become one Parquet object. */
export interface Manifest extends ManifestName {
  readonly total_bytes: number;
  readonly entries: readonly ManifestEntry[];
}

/** Parts of a manifest's key. */
export interface ManifestName {
  /** 32 hex digits. */
  readonly id: string;
  readonly dataset: string;
  readonly date: string;
}

/** Outcome of a manifest, as in `glue/tributary/manifests/receipt.schema.json`. */
export interface Receipt extends ManifestName {
  readonly generation: number;
  readonly parquet: string;
  readonly rows: number;
  readonly dead_letters: number;
  readonly input_bytes: number;
  readonly output_bytes: number;
  readonly files: number;
  readonly columns: readonly string[];
  /** Columns that the table did not have before; absent in receipts of earlier releases, as the next one. */
  readonly new_columns?: readonly string[];
  readonly other_rows?: number;
  readonly quarantined: readonly {
    readonly key: string;
    readonly version_id: string;
    readonly reason: string;
    readonly message: string;
  }[];
  readonly gone: readonly { readonly key: string; readonly version_id: string }[];
  readonly latency_seconds: readonly number[];
  readonly job_run_id: string;
  readonly started_at: string;
  readonly seconds: number;
}

/** Identity of an input. */
export interface InputIdentity {
  readonly bucket: string;
  readonly key: string;
  readonly version: string;
}

/**
 * Checks a manifest against its schema.
 *
 * @throws SchemaViolationError naming the first violation
 */
export const checkManifest = schemaCheck<Manifest>(manifestSchema);

/**
 * Checks a receipt against its schema.
 *
 * @throws SchemaViolationError naming the first violation
 */
export const checkReceipt = schemaCheck<Receipt>(receiptSchema);

/** Key of a manifest in the manifests bucket. */
export function manifestKey({ id, dataset, date }: ManifestName): string {
  return `manifests/${dataset}/${date}/${id}.json`;
}

/** Key of a receipt in the manifests bucket. */
export function receiptKey({ id, dataset, date }: ManifestName): string {
  return `receipts/${dataset}/${date}/${id}.json`;
}

/** Key of the rejected lines in the quarantine bucket, where there are any. */
export function deadLettersKey({ id, dataset, date }: ManifestName): string {
  return `dead-letters/${dataset}/date=${date}/${id}.ndjson`;
}

/** Key of the Parquet object in the curated bucket. */
export function parquetKey({ id, dataset, date }: ManifestName): string {
  return `tables/${dataset}/date=${date}/${id}.parquet`;
}

const MANIFEST_KEY = /^manifests\/([a-z][a-z0-9_]{0,62})\/(\d{4}-\d{2}-\d{2})\/([0-9a-f]{32})\.json$/;

/** Parses the key of a manifest; undefined for any other key. */
export function parseManifestKey(key: string): ManifestName | undefined {
  const [, dataset, date, id] = MANIFEST_KEY.exec(key) ?? [];
  return dataset && date && id ? { id, dataset, date } : undefined;
}

/** Compares texts by their UTF-8 bytes, which differs from JavaScript's own order of UTF-16 units. */
export function compareUtf8(one: string, other: string): number {
  return one === other ? 0 : Buffer.compare(Buffer.from(one), Buffer.from(other));
}

/** Compares inputs by bucket, key and version. */
export function compareInputs(one: InputIdentity, other: InputIdentity): number {
  return (
    compareUtf8(one.bucket, other.bucket) ||
    compareUtf8(one.key, other.key) ||
    compareUtf8(one.version, other.version)
  );
}

/**
 * Id of the manifest of the sorted `inputs`: the same work has the same id whoever proposes it.
 * @param seed the dataset, or the id of the manifest that exists without these inputs
 */
export function manifestId(seed: string, inputs: readonly InputIdentity[]): string {
  const hash = createHash("sha256").update(JSON.stringify(seed));
  for (const { bucket, key, version } of inputs) hash.update(JSON.stringify([bucket, key, version]));
  return hash.digest("hex").slice(0, 32);
}

/**
 * Serializes a manifest: fields in the schema's order, no spaces. Its entries must be sorted.
 *
 * @throws SchemaViolationError when it does not fit its schema
 */
export function manifestBody(name: ManifestName, entries: readonly ManifestEntry[]): string {
  const { id, dataset, date } = name;
  const total_bytes = entries.reduce((sum, { size }) => sum + size, 0);
  return JSON.stringify(checkManifest({ id, dataset, date, total_bytes, entries }));
}

/** Bucket and a client that reaches it. */
export interface Bucket {
  client: S3Client;
  name: string;
}

/**
 * Reads the manifest under `key`, undefined where none exists. A role without `s3:ListBucket` gets
 * "forbidden" for a missing object: grant it.
 *
 * @throws SchemaViolationError when the object does not fit its schema
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html (2026-11-29)
 */
export async function readManifest(bucket: Bucket, key: string): Promise<Manifest | undefined> {
  const text = await readText(bucket, key);
  return text === undefined ? undefined : checkManifest(JSON.parse(text));
}

/**
 * Reads the receipt under `key`, undefined where none exists.
 *
 * @throws SchemaViolationError when the object does not fit its schema
 */
export async function readReceipt(bucket: Bucket, key: string): Promise<Receipt | undefined> {
  const text = await readText(bucket, key);
  return text === undefined ? undefined : checkReceipt(JSON.parse(text));
}

async function readText({ client, name }: Bucket, key: string): Promise<string | undefined> {
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key: key }));
    return await Body?.transformToString();
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}
