import { PutObjectCommand, S3ServiceException } from "@aws-sdk/client-s3";
import {
  type Bucket,
  type InputIdentity,
  type Manifest,
  type ManifestEntry,
  type ManifestName,
  manifestBody,
  manifestKey,
  parseManifestKey,
  readManifest,
} from "../../runtime/manifests/manifests";
import { ManifestVanishedError } from "./errors";
import type { Retry } from "./retry";

/** Files that a manifest lists. They never change once it exists. */
export interface Listing {
  has(input: InputIdentity): boolean;
}

/**
 * Number of listings in the cache, some hundred KB each: a redelivered batch meets few manifests, many times
 * each.
 */
const KEPT = 64;

/** Manifests of the bucket, for one invocation. */
export class ManifestStore {
  readonly #bucket: Bucket;
  readonly #retry: Retry;
  readonly #kept = new Map<string, Promise<Listing | undefined>>();
  readonly #fences = new Map<string, Promise<Listing>>();

  constructor(bucket: Bucket, retry: Retry) {
    this.#bucket = bucket;
    this.#retry = retry;
  }

  /**
   * Reads the files of the manifest under `key`; undefined while none exists.
   *
   * @throws SchemaViolationError when the manifest does not fit its schema
   */
  async read(key: string): Promise<Listing | undefined> {
    const reading = this.#kept.get(key) ?? this.#read(key);
    this.#kept.set(key, reading);
    const forget = () => this.#kept.delete(key);
    const listing = await reading.catch((error) => {
      forget();
      throw error;
    });
    if (listing === undefined) forget();
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return listing;
  }

  async #read(key: string): Promise<Listing | undefined> {
    const manifest = await this.#retry(() => readManifest(this.#bucket, key));
    return manifest && listingOf(manifest);
  }

  /**
   * Writes a manifest unless one of this name exists, and returns the files of the one that exists now.
   *
   * @throws ManifestVanishedError when S3 refused because one exists, and none does
   * @throws SchemaViolationError when either manifest does not fit its schema
   */
  async put(
    name: ManifestName,
    entries: readonly ManifestEntry[],
  ): Promise<{ written: boolean; listing: Listing }> {
    const Key = manifestKey(name);
    const put = new PutObjectCommand({
      Bucket: this.#bucket.name,
      Key,
      Body: manifestBody(name, entries),
      ContentType: "application/json",
      IfNoneMatch: "*",
    });
    try {
      await this.#retry(() => this.#bucket.client.send(put));
      return { written: true, listing: listingOf({ entries }) };
    } catch (error) {
      if (!isPreconditionFailed(error)) throw error;
    }
    this.#kept.delete(Key);
    const listing = await this.read(Key);
    if (listing === undefined) throw new ManifestVanishedError(Key);
    return { written: false, listing };
  }

  /**
   * Fences a name whose writer is late, so that it cannot be written any more; returns the files of what
   * exists now.
   *
   * @throws ManifestVanishedError when S3 refused because a manifest exists, and none does
   */
  fence(key: string): Promise<Listing> {
    const known = this.#fences.get(key);
    if (known) return known;
    const name = parseManifestKey(key);
    if (name === undefined) throw new Error(`${JSON.stringify(key)} is no key of a manifest`);
    const fence = this.put(name, []).then(({ listing }) => listing);
    this.#fences.set(key, fence);
    // a fence that failed is tried again
    fence.catch(() => this.#fences.delete(key));
    return fence;
  }
}

function listingOf({ entries }: Pick<Manifest, "entries">): Listing {
  const listed = new Set(entries.map(({ bucket, key, version_id }) => identity(bucket, key, version_id)));
  return { has: ({ bucket, key, version }) => listed.has(identity(bucket, key, version)) };
}

function identity(bucket: string, key: string, version: string): string {
  return `${bucket}\0${key}\0${version}`;
}

function isPreconditionFailed(error: unknown): boolean {
  return error instanceof S3ServiceException && error.name === "PreconditionFailed";
}
