import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import type { Bucket } from "../shared/manifests";
import type { Retry } from "./retry";

const GIB = 2 ** 30;

/** Most bytes that S3 copies in one call. */
export const LARGEST_COPY = 5 * GIB;

/** What is copied, and where to. */
export interface Copied {
  /** `<bucket>/<encoded key>?versionId=<version>` */
  readonly source: string;
  /** Bytes of the source. */
  readonly size: number;
  readonly key: string;
}

/** Copies an object that is too large for one call: parts of 1 GiB, inside S3. */
export async function copyInParts(
  { client, name }: Bucket,
  retry: Retry,
  { source, size, key }: Copied,
): Promise<void> {
  const target = { Bucket: name, Key: key };
  const { UploadId } = await retry(() => client.send(new CreateMultipartUploadCommand(target)));
  const copyPart = async (part: number) => {
    const range = `bytes=${part * GIB}-${Math.min((part + 1) * GIB, size) - 1}`;
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
      Array.from({ length: Math.ceil(size / GIB) }, (_, part) => copyPart(part)),
    );
    await retry(() =>
      client.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } })),
    );
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand({ ...target, UploadId })).catch(() => {});
    throw error;
  }
}
