import { bucketName } from "../../../environments/schema";
import {
  type Bucket,
  type Manifest,
  type ManifestName,
  parquetKey,
  parseManifestKey,
  type Receipt,
  readManifest,
  readReceipt,
  receiptKey,
} from "../../../runtime/manifests/manifests";
import { quarantineFolder } from "../../../runtime/manifests/quarantine-folder";
import type { Operator } from "../command/operator";
import type { FileVersion } from "../pipelines/letters";
import { headObject, listFolders, listObjects, type ObjectHead, readJson } from "./objects";

/** Output of a manifest. */
export interface Output {
  /** Absent: it was claimed for and never written. */
  readonly manifest?: Manifest;
  readonly receipt?: Receipt;
  readonly parquet?: ObjectHead & { readonly key: string };
}

export function manifestsBucket({ aws, environment }: Operator): Bucket {
  return { client: aws.s3, name: bucketName(environment, "manifests") };
}

export async function readOutput(operator: Operator, name: ManifestName, key: string): Promise<Output> {
  const bucket = manifestsBucket(operator);
  const [manifest, receipt, parquet] = await Promise.all([
    readManifest(bucket, key),
    readReceipt(bucket, receiptKey(name)),
    headParquet(operator, name),
  ]);
  return {
    ...(manifest === undefined ? {} : { manifest }),
    ...(receipt === undefined ? {} : { receipt }),
    ...(parquet === undefined ? {} : { parquet: { ...parquet, key: parquetKey(name) } }),
  };
}

function headParquet(operator: Operator, name: ManifestName): Promise<ObjectHead | undefined> {
  return headObject(operator, bucketName(operator.environment, "curated"), parquetKey(name));
}

/** Generations of a manifest of which something exists. */
export interface Generations {
  /** Generation of the Parquet object; undefined where none is committed. */
  readonly committed: number | undefined;
  /**
   * Greatest generation that was begun, -1 for none: its receipt decides what it may publish, so it may never
   * be done.
   */
  readonly begun: number;
}

export async function readGenerations(operator: Operator, name: ManifestName): Promise<Generations> {
  const [parquet, receipt] = await Promise.all([
    headParquet(operator, name),
    readReceipt(manifestsBucket(operator), receiptKey(name)),
  ]);
  const committed = parquet && generationOf(parquet);
  return { committed, begun: Math.max(committed ?? -1, receipt?.generation ?? -1) };
}

export function generationOf(parquet: ObjectHead): number {
  return Number(parquet.metadata["generation"] ?? 0);
}

/** Lists the manifests of a date, by dataset and id. */
export async function* manifestsOfDate(
  operator: Operator,
  date: string,
  dataset?: string,
): AsyncGenerator<ManifestName & { readonly modifiedAt: string }> {
  const { name: bucket } = manifestsBucket(operator);
  const folders =
    dataset === undefined ? await listFolders(operator, bucket, "manifests/") : [`manifests/${dataset}/`];
  for (const folder of folders) {
    for await (const { key, modifiedAt } of listObjects(operator, bucket, `${folder}${date}/`)) {
      const name = parseManifestKey(key);
      if (name !== undefined) yield { ...name, modifiedAt };
    }
  }
}

/** Reason of a whole file's quarantine, and its copy. */
export interface Quarantine {
  readonly reason: string;
  readonly message: string;
  readonly at: string;
  /** Address of the folder with the copy. */
  readonly folder: string;
}

export async function readQuarantine(
  operator: Operator,
  date: string | undefined,
  file: FileVersion,
): Promise<Quarantine | undefined> {
  const bucket = bucketName(operator.environment, "quarantine");
  const folder = `${quarantineFolder(date, file)}/`;
  const said = await readJson<Omit<Quarantine, "folder">>(operator, bucket, `${folder}reason.json`);
  return said && { ...said, folder: `s3://${bucket}/${folder}` };
}
