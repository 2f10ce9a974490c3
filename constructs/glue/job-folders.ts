import type { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { useKey } from "../encryption-key";
import type { PolicyStatement } from "../policy";

/** Part of a bucket that Glue writes to by itself. */
export interface BucketFolder {
  readonly bucket: S3Bucket;
  /** Keys begin with it; it ends with `/`. */
  readonly prefix: string;
}

/** Folders of a job, by what Glue keeps there. */
export interface JobFolders {
  /**
   * Spark's history of each run, by which the Spark UI shows it.
   *
   * @default - none is written
   * @see https://docs.aws.amazon.com/glue/latest/dg/monitor-spark-ui-jobs.html (2026-12-01)
   */
  readonly sparkUi?: BucketFolder;
  /**
   * What Glue's own readers and writers put down for a while.
   *
   * @default - none: scripts of ours need none
   * @see https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html (2026-12-01)
   */
  readonly temporaryFolder?: BucketFolder;
}

export function addressOf({ bucket, prefix }: BucketFolder): string {
  return `s3://${bucket.bucket}/${prefix}`;
}

/** Statements to use the folders, under the key by which the security configuration has Glue encrypt. */
export function useFolders(
  { sparkUi, temporaryFolder }: JobFolders,
  dataKey: string,
  region: string,
): PolicyStatement[] {
  if (sparkUi === undefined && temporaryFolder === undefined) return [];
  return [
    ...(sparkUi === undefined
      ? []
      : [
          {
            sid: "WriteSparkHistory",
            actions: ["s3:PutObject", "s3:AbortMultipartUpload"],
            resources: [objectsOf(sparkUi)],
          },
        ]),
    ...(temporaryFolder === undefined ? [] : useTemporary(temporaryFolder)),
    { ...useKey("Data", dataKey, region, "read-write"), sid: "UseFolderKey" },
  ];
}

function useTemporary(folder: BucketFolder): PolicyStatement[] {
  return [
    {
      sid: "UseTemporaryFolder",
      actions: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
      resources: [objectsOf(folder)],
    },
    {
      sid: "ListTemporaryFolder",
      actions: ["s3:ListBucket"],
      resources: [folder.bucket.arn],
      condition: { StringLike: { "s3:prefix": [`${folder.prefix}*`] } },
    },
  ];
}

function objectsOf({ bucket, prefix }: BucketFolder): string {
  return `${bucket.arn}/${prefix}*`;
}
