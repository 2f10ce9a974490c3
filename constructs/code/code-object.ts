import type { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { S3Object } from "@cdktf/provider-aws/lib/s3-object";
import { AssetType, TerraformAsset } from "cdktf";
import { Construct } from "constructs";

/** File to upload, under a key that its content decides. */
export interface CodeFile {
  readonly name: string;
  /** SHA-256 of the content, or of all that decides it, in hexadecimal. */
  readonly sha256: string;
  /** Absolute path on this machine. */
  readonly path: string;
}

export interface CodeObjectProps {
  readonly file: CodeFile;
  readonly bucket: S3Bucket;
  /** First part of the key. */
  readonly folder: "glue" | "functions";
}

/**
 * Provider settings without tags: S3 takes ten tags an object, fewer than an environment may have; the bucket
 * carries them for cost reports.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-managing.html (2026-11-29)
 */
export const UNTAGGED = { defaultTags: { tags: {} } };

/** Uploaded code: other content is another object, so that running code is never replaced. */
export class CodeObject extends Construct {
  readonly object: S3Object;
  /** Path of the file for Terraform's own functions. */
  readonly source: string;

  constructor(scope: Construct, id: string, { file, bucket, folder }: CodeObjectProps) {
    super(scope, id);
    this.source = new TerraformAsset(this, "file", { path: file.path, type: AssetType.FILE }).path;
    this.object = new S3Object(this, "object", {
      bucket: bucket.id,
      key: `${folder}/${file.sha256}/${file.name}`,
      source: this.source,
      overrideProvider: UNTAGGED,
      // what runs must never point to an object that is already gone
      lifecycle: { createBeforeDestroy: true },
    });
  }

  /** `s3://` address. */
  get address(): string {
    return `s3://${this.object.bucket}/${this.object.key}`;
  }
}
