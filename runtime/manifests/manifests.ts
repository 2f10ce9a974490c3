import { createHash } from "node:crypto";
import { GetObjectCommand, NoSuchKey, type S3Client } from "@aws-sdk/client-s3";
import manifestSchema from "../../glue/tributary/manifests/manifest.schema.json";
import receiptSchema from "../../glue/tributary/manifests/receipt.schema.json";
import { schemaCheck } from "./json-schema";

/** A file in a manifest, in the words of `glue/tributary/manifests/manifest.schema.json`. */
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

/** What a manifest's key is made of. */
export interface ManifestName {
  /** 32 hex digits. */
  readonly id: string;
  readonly dataset: string;
  readonly date: string;
}

/** What became of a manifest, in the words of `glue/tributary/manifests/receipt.schema.json`. */
export interface Receipt extends ManifestName {
  readonly generation: number;
  readonly parquet: string;
  readonly rows: number;
  readonly dead_letters: number;
  readonly input_bytes: number;
  readonly output_bytes: number;
  readonly files: number;
  readonly columns: readonly string[];
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

/** What tells inputs apart. */
export interface InputIdentity {
  readonly bucket: string;
  readonly key: string;
  readonly version: string;
}

/** @throws SchemaViolationError naming the first violation */
export const checkManifest = schemaCheck<Manifest>(manifestSchema);

/** @throws SchemaViolationError naming the first violation */
export const checkReceipt = schemaCheck<Receipt>(receiptSchema);

/** Key in the manifests bucket. */
export function manifestKey({ id, dataset, date }: ManifestName): string {
  return `manifests/${dataset}/${date}/${id}.json`;
}

/** Key in the manifests bucket. */
export function receiptKey({ id, dataset, date }: ManifestName): string {
  return `receipts/${dataset}/${date}/${id}.json`;
}

/** Key in the quarantine bucket of the rejected lines, which stands only where there are any. */
export function deadLettersKey({ id, dataset, date }: ManifestName): string {
  return `dead-letters/${dataset}/date=${date}/${id}.ndjson`;
}

/** Key in the curated bucket. */
export function parquetKey({ id, dataset, date }: ManifestName): string {
  return `tables/${dataset}/date=${date}/${id}.parquet`;
}

const MANIFEST_KEY = /^manifests\/([a-z][a-z0-9_]{0,62})\/(\d{4}-\d{2}-\d{2})\/([0-9a-f]{32})\.json$/;

/** What a manifest's key says; undefined for any other key. */
export function parseManifestKey(key: string): ManifestName | undefined {
  const [, dataset, date, id] = MANIFEST_KEY.exec(key) ?? [];
  return dataset && date && id ? { id, dataset, date } : undefined;
}

/** Texts in the order of their UTF-8 bytes, which JavaScript's own order of UTF-16 units is not. */
export function compareUtf8(one: string, other: string): number {
  return one === other ? 0 : Buffer.compare(Buffer.from(one), Buffer.from(other));
}

/** By bucket, key and version. */
export function compareInputs(one: InputIdentity, other: InputIdentity): number {
  return (
    compareUtf8(one.bucket, other.bucket) ||
    compareUtf8(one.key, other.key) ||
    compareUtf8(one.version, other.version)
  );
}

/**
 * The id of the manifest that is to hold `inputs`, sorted: the same work has the same id whoever proposes it.
 * @param seed the dataset, or the id of the manifest that stood without these inputs
 */
export function manifestId(seed: string, inputs: readonly InputIdentity[]): string {
  const hash = createHash("sha256").update(JSON.stringify(seed));
  for (const { bucket, key, version } of inputs) hash.update(JSON.stringify([bucket, key, version]));
  return hash.digest("hex").slice(0, 32);
}

/**
 * The bytes of a manifest: fields in the schema's order, no spaces. Its entries must be sorted.
 * @throws SchemaViolationError
 */
export function manifestBody(name: ManifestName, entries: readonly ManifestEntry[]): string {
  const { id, dataset, date } = name;
  const total_bytes = entries.reduce((sum, { size }) => sum + size, 0);
  return JSON.stringify(checkManifest({ id, dataset, date, total_bytes, entries }));
}

/** A bucket and the client that reaches it. */
export interface Bucket {
  client: S3Client;
  name: string;
}

/**
 * The manifest under `key`, undefined where none stands. A role that may not list the bucket is told "forbidden"
 * of a missing object: grant `s3:ListBucket`.
 *
 * @throws SchemaViolationError
 */
export async function readManifest(bucket: Bucket, key: string): Promise<Manifest | undefined> {
  const text = await readText(bucket, key);
  return text === undefined ? undefined : checkManifest(JSON.parse(text));
}

/**
 * The receipt under `key`, undefined where none stands.
 * @throws SchemaViolationError
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
