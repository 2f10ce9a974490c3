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
  readonly folder: "glue" | "functions" | "wheels";
}

/** S3 takes ten tags an object, fewer than an environment may have; the bucket carries them for cost reports. */
const UNTAGGED = { defaultTags: { tags: {} } };

/** Uploaded code: other content is another object, so that running code is never replaced. */
export class CodeObject extends Construct {
  readonly object: S3Object;
  /** Path of the file for Terraform's own functions. */
  readonly source: string;

  constructor(scope: Construct, id: string, props: CodeObjectProps) {
    super(scope, id);
    this.source = codeAsset(this, "file", props.file);
    this.object = codeObject(this, "object", { ...props, source: this.source });
  }

  /** `s3://` address. */
  get address(): string {
    return addressOf(this.object);
  }
}

/** @returns the path of a copy of the file in the stack's folder */
export function codeAsset(scope: Construct, id: string, { path }: CodeFile): string {
  return new TerraformAsset(scope, id, { path, type: AssetType.FILE }).path;
}

export interface CodeObjectSource extends CodeObjectProps {
  /** Path that Terraform reads the file by, in the stack's folder. */
  readonly source: string;
  /** Attributes whose change uploads nothing. @default - none */
  readonly ignoreChanges?: string[];
}

/** The object of a `CodeObject`, for a scope in which it has its address in the state already. */
export function codeObject(scope: Construct, id: string, props: CodeObjectSource): S3Object {
  const { file, bucket, folder, source, ignoreChanges } = props;
  return new S3Object(scope, id, {
    bucket: bucket.id,
    key: `${folder}/${file.sha256}/${file.name}`,
    source,
    overrideProvider: UNTAGGED,
    lifecycle: {
      // what runs must never point to an object that is already gone
      createBeforeDestroy: true,
      ...(ignoreChanges === undefined ? {} : { ignoreChanges }),
    },
  });
}

/** `s3://` address of an uploaded object. */
export function addressOf({ bucket, key }: S3Object): string {
  return `s3://${bucket}/${key}`;
}
