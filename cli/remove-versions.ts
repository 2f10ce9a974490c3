import { DeleteObjectsCommand, ListObjectVersionsCommand, type S3Client } from "@aws-sdk/client-s3";

/**
 * Removes all versions of the objects below a prefix, deletion markers included; returns how many.
 *
 * @throws Error when S3 keeps one
 */
export async function removeVersions(s3: S3Client, Bucket: string, Prefix = ""): Promise<number> {
  let count = 0;
  for (;;) {
    const page = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix }));
    const Objects = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({
      Key,
      VersionId,
    }));
    if (Objects.length === 0) return count;
    const { Errors: [error] = [] } = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
    );
    if (error !== undefined) throw new Error(`s3://${Bucket}/${error.Key} is kept: ${error.Message}`);
    count += Objects.length;
  }
}
