import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import type { Bucket } from "../../runtime/manifests/manifests";
import { limiter } from "./limiter";
import type { Retry } from "./retry";

/**
 * Maximum number of bytes that are copied in one call. S3 would take twenty times as much, but answers only
 * when all is copied, which must not take longer than a call's time limit.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html (2026-11-29)
 */
export const LARGEST_COPY = 256 * 2 ** 20;

/**
 * Maximum number of parts of an object in S3.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html (2026-11-29)
 */
const MAX_PARTS = 10_000;

const PARTS_AT_ONCE = 16;

/** Source and target of a copy. */
export interface Copied {
  /** `<bucket>/<encoded key>?versionId=<version>` */
  readonly source: string;
  /** Bytes of the source. */
  readonly size: number;
  readonly key: string;
}

/** Copies an object that is too large for one call part by part, inside S3. */
export async function copyInParts(
  { client, name }: Bucket,
  retry: Retry,
  { source, size, key }: Copied,
): Promise<void> {
  const target = { Bucket: name, Key: key };
  const { UploadId } = await retry(() => client.send(new CreateMultipartUploadCommand(target)));
  const partBytes = Math.max(LARGEST_COPY, Math.ceil(size / MAX_PARTS));
  const limit = limiter(PARTS_AT_ONCE);
  const copyPart = async (part: number) => {
    const range = `bytes=${part * partBytes}-${Math.min((part + 1) * partBytes, size) - 1}`;
    const PartNumber = part + 1;
    const { CopyPartResult } = await retry(() =>
      client.send(
        new UploadPartCopyCommand({
          ...target,
          UploadId,
          PartNumber,
          CopySource: source,
          CopySourceRange: range,
        }),
      ),
    );
    return { PartNumber, ETag: CopyPartResult?.ETag };
  };
  try {
    const Parts = await Promise.all(
      Array.from({ length: Math.ceil(size / partBytes) }, (_, part) => limit(() => copyPart(part))),
    );
    await retry(() =>
      client.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } })),
    );
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand({ ...target, UploadId })).catch(() => {});
    throw error;
  }
}
