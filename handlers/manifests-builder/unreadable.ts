import {
  GetBucketEncryptionCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import type { InputIdentity } from "../../runtime/manifests/manifests";
import type { Invocation } from "./builder";

/**
 * Names of the errors by which S3 refuses an object of an archive, to a read and as the source of a copy.
 *
 * @see https://docs.aws.amazon.com/sdk-for-python/v4/reference/clients/s3/errors/InvalidObjectState/ (2026-11-30)
 * @see https://docs.aws.amazon.com/sdk-for-python/v4/reference/clients/s3/errors/ObjectNotInActiveTierError/ (2026-11-30)
 */
const ARCHIVED = new Set(["InvalidObjectState", "ObjectNotInActiveTierError"]);

/**
 * Returns why nobody here can read an object whose content S3 refused, by what its sender chose; undefined
 * where S3 refused for another reason, such as a permission that this function lacks. The streaming job
 * distinguishes the same (refusals.py).
 */
export async function whyUnreadable(
  invocation: Invocation,
  object: InputIdentity,
  error: unknown,
): Promise<string | undefined> {
  if (!(error instanceof S3ServiceException)) return undefined;
  if (ARCHIVED.has(error.name)) return "it is in an archive, and was not restored";
  // all requests are of one form, so what makes one invalid is the object
  if (error.name === "InvalidRequest") return "it is encrypted under a key of its sender (SSE-C)";
  if (!isDenied(error)) return undefined;
  const key = await otherKey(invocation, object);
  return key === undefined ? undefined : `it is encrypted under ${key}, not under its bucket's key`;
}

function isDenied({ name, $metadata }: S3ServiceException): boolean {
  return $metadata.httpStatusCode === 403 || (name.startsWith("KMS.") && !name.includes("Throttling"));
}

/**
 * Reads the KMS key of an object where it is not its bucket's. HeadObject needs the right to read the object,
 * and none to use the key.
 *
 * @see https://docs.aws.amazon.com/goto/SdkForKotlin/s3-2006-03-01/HeadObject (2026-11-30)
 */
async function otherKey(
  { manifests: { client }, retry }: Invocation,
  { bucket: Bucket, key: Key, version: VersionId }: InputIdentity,
): Promise<string | undefined> {
  let head: HeadObjectCommandOutput;
  try {
    head = await retry(() => client.send(new HeadObjectCommand({ Bucket, Key, VersionId })));
  } catch {
    return undefined;
  }
  if (head.SSEKMSKeyId === undefined) return undefined;
  const { ServerSideEncryptionConfiguration } = await retry(() =>
    client.send(new GetBucketEncryptionCommand({ Bucket })),
  );
  const own = ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault;
  return head.SSEKMSKeyId === own?.KMSMasterKeyID ? undefined : head.SSEKMSKeyId;
}
