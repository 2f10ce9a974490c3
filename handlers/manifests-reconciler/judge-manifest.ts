import { HeadObjectCommand, NotFound } from "@aws-sdk/client-s3";
import {
  type Bucket,
  parquetKey,
  parseManifestKey,
  type Receipt,
  readManifest,
  readReceipt,
  receiptKey,
} from "../../runtime/manifests/manifests";
import type { ManifestsReconciler } from "./reconciler";

/**
 * Progress of a manifest, and the keys of its files.
 * - `absent`: it does not exist. Its files are to be claimed again.
 * - `waiting`: its Parquet does not exist, or not in the newest generation that was begun.
 * - `published`: all exists, and the receipt is to be recorded in the state tables.
 */
export type Verdict =
  | { kind: "absent"; files: ReadonlySet<string> }
  | { kind: "waiting"; files: ReadonlySet<string>; key: string; generation: number }
  | { kind: "published"; files: ReadonlySet<string>; receipt: Receipt };

const ABSENT: Verdict = { kind: "absent", files: new Set() };

/**
 * Reads manifest, receipt and Parquet object, which are written in this order.
 *
 * @throws SchemaViolationError when manifest or receipt does not fit its schema
 */
export async function judgeManifest(
  { manifests, curated }: Pick<ManifestsReconciler, "manifests" | "curated">,
  key: string,
): Promise<Verdict> {
  const name = parseManifestKey(key);
  const manifest = name && (await readManifest(manifests, key));
  if (!name || !manifest) return ABSENT;
  const files = new Set(manifest.entries.map((entry) => entry.key));
  const [receipt, committed] = await Promise.all([
    readReceipt(manifests, receiptKey(name)),
    committedGeneration(curated, parquetKey(name)),
  ]);
  if (receipt && committed !== undefined && receipt.generation <= committed) {
    return { kind: "published", files, receipt };
  }
  // a receipt that somebody deleted is written again by the next generation only
  const generation = receipt?.generation ?? (committed === undefined ? 0 : committed + 1);
  return { kind: "waiting", files, key, generation };
}

/** Generation in the metadata of a Parquet object; undefined where none exists. */
async function committedGeneration({ client, name }: Bucket, key: string): Promise<number | undefined> {
  try {
    const { Metadata } = await client.send(new HeadObjectCommand({ Bucket: name, Key: key }));
    return Number(Metadata?.["generation"] ?? 0);
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}
