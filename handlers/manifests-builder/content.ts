import { createHash } from "node:crypto";
import {
  type ChecksumAlgorithm,
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import type { InputIdentity } from "../../runtime/manifests/manifests";
import type { Invocation } from "./builder";
import { whyUnreadable } from "./unreadable";

type Sized = InputIdentity & { readonly size: number };

/** Checksums whose equality means equal content; 32 bits are too few to drop a file for. */
const STRONG = ["SHA256", "SHA1", "CRC64NVME"] as const;
const WEAK = ["CRC32C", "CRC32"] as const;

/**
 * Maximum number of bytes of a version that is read to compare it: a batch of them takes less than an
 * invocation. A larger one counts as new, which it nearly always is.
 */
const LARGEST_READ = 16 * 2 ** 20;

/**
 * Returns whether two versions hold the same bytes: by their sizes, then by S3's checksums of the whole
 * objects, then by the SHA-256 of their content. A version that is gone, unreadable or too large to be read
 * here equals none.
 */
export async function sameContent(invocation: Invocation, one: Sized, other: Sized): Promise<boolean> {
  if (one.size !== other.size) return false;
  const heads = await Promise.all([readHead(invocation, one), readHead(invocation, other)]);
  const verdict = compareChecksums(heads[0], heads[1]);
  if (verdict !== "unknown") return verdict === "same";
  if (one.size > LARGEST_READ) return false;
  const [first, second] = await Promise.all([digest(invocation, one), digest(invocation, other)]);
  return first !== undefined && first === second;
}

/** Compares the checksums of two objects; those of parts say nothing about the whole. */
export function compareChecksums(
  one: Partial<HeadObjectCommandOutput>,
  other: Partial<HeadObjectCommandOutput>,
): "same" | "different" | "unknown" {
  if (one.ChecksumType !== "FULL_OBJECT" || other.ChecksumType !== "FULL_OBJECT") return "unknown";
  for (const algorithm of [...STRONG, ...WEAK]) {
    const [first, second] = [checksumOf(one, algorithm), checksumOf(other, algorithm)];
    if (first === undefined || second === undefined) continue;
    if (first !== second) return "different";
    if (STRONG.some((strong) => strong === algorithm)) return "same";
  }
  return "unknown";
}

function checksumOf(
  head: Partial<HeadObjectCommandOutput>,
  algorithm: Extract<ChecksumAlgorithm, "SHA256" | "SHA1" | "CRC64NVME" | "CRC32C" | "CRC32">,
): string | undefined {
  return head[`Checksum${algorithm}`];
}

/**
 * Reads the head of an object; S3 leaves checksums out where it may not show them, and an object that is gone
 * or unreadable has none.
 */
async function readHead({ manifests, retry }: Invocation, { bucket, key, version }: Sized) {
  const head = new HeadObjectCommand({
    Bucket: bucket,
    Key: key,
    VersionId: version,
    ChecksumMode: "ENABLED",
  });
  try {
    return await retry(() => manifests.client.send(head));
  } catch (error) {
    if (isRefused(error)) return {};
    throw error;
  }
}

async function digest(invocation: Invocation, object: Sized): Promise<string | undefined> {
  const { manifests, retry } = invocation;
  const { bucket, key, version } = object;
  const get = new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: version });
  try {
    return await retry(async () => {
      const { Body } = await manifests.client.send(get);
      const hash = createHash("sha256");
      for await (const chunk of Body as AsyncIterable<Uint8Array>) hash.update(chunk);
      return hash.digest("hex");
    });
  } catch (error) {
    if (isGone(error) || (await whyUnreadable(invocation, object, error)) !== undefined) return undefined;
    throw error;
  }
}

/** Returns whether S3 refuses a head: 403 without a right, 400 without the key that the object wants. */
function isRefused(error: unknown): boolean {
  const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
  return isGone(error) || status === 403 || status === 400;
}

const GONE = new Set(["NoSuchKey", "NoSuchVersion", "NotFound", "MethodNotAllowed"]);

/** Returns whether an object's version does not exist; a delete marker's is "not allowed" to be read. */
export function isGone(error: unknown): boolean {
  return error instanceof S3ServiceException && GONE.has(error.name);
}
