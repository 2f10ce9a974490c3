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

/** First part of the key of code: of jobs, of their wheels, of functions. */
export const CODE_FOLDERS = ["glue", "wheels", "functions"] as const;
export type CodeFolder = (typeof CODE_FOLDERS)[number];

export interface CodeObjectProps {
  readonly file: CodeFile;
  readonly bucket: S3Bucket;
}

/** S3 takes ten tags an object, fewer than an environment may have; the bucket carries them for cost reports. */
const UNTAGGED = { defaultTags: { tags: {} } };

/**
 * Uploaded code of a function: other code is another object. Lambda keeps a copy of its own, so nothing asks for the
 * object when the function has other code.
 */
export class CodeObject extends Construct {
  readonly object: S3Object;
  /** Path of the file for Terraform's own functions. */
  readonly source: string;

  constructor(scope: Construct, id: string, { file, bucket }: CodeObjectProps) {
    super(scope, id);
    this.source = codeAsset(this, "file", file);
    this.object = new S3Object(this, "object", {
      bucket: bucket.id,
      key: codeKey("functions", file),
      source: this.source,
      overrideProvider: UNTAGGED,
      // a function must never be given an object that is already gone
      lifecycle: { createBeforeDestroy: true },
    });
  }
}

/** Key of a file: other content is another object, so that running code is never replaced. */
export function codeKey(folder: CodeFolder, { sha256, name }: CodeFile): string {
  return `${folder}/${sha256}/${name}`;
}

/** @returns the path of a copy of the file in the stack's folder */
export function codeAsset(scope: Construct, id: string, { path }: Pick<CodeFile, "path">): string {
  return new TerraformAsset(scope, id, { path, type: AssetType.FILE }).path;
}
