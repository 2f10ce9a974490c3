import { join, relative, resolve } from "node:path";
import type { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { App, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { addressOf, type CodeFile, CodeObject, codeObject } from "../code/code-object";
import { lockedWheels, nativeWheel, tributaryPackage } from "../code/glue-package";

export interface JobCodeProps {
  readonly artifacts: S3Bucket;
  /** True where the locked wheels are installed; false where the workers have them. */
  readonly installWheels: boolean;
}

/**
 * Uploaded code that all jobs share, as `s3://` addresses. It belongs to none of them: one that goes would take the
 * code of the others along.
 */
export class JobCode extends Construct {
  readonly package: string;
  /** Addresses of the wheels; empty where the workers have them. */
  readonly wheels: readonly string[];

  constructor(scope: Construct, id: string, { artifacts, installWheels }: JobCodeProps) {
    super(scope, id);
    const file = tributaryPackage();
    this.package = new CodeObject(this, "package", { file, bucket: artifacts, folder: "glue" }).address;
    const wheels = installWheels ? [...lockedWheels(), nativeWheel()] : [];
    this.wheels = wheels.map((wheel) => this.uploadWheel(wheel, artifacts));
  }

  private uploadWheel(wheel: CodeFile, bucket: S3Bucket): string {
    const object = codeObject(this, `wheel-${wheel.name.split("-")[0]}`, {
      file: wheel,
      bucket,
      folder: "wheels",
      // not an asset: copying the wheels into every stack's folder would take longer than synthesis
      source: this.fromStackFolder(wheel.path),
      // the key carries the content's hash: another path is the same file on another machine
      ignoreChanges: ["source"],
    });
    return addressOf(object);
  }

  /** Path relative to the stack's folder of the output, in which Terraform runs. */
  private fromStackFolder(path: string): string {
    const stack = join("stacks", TerraformStack.of(this).node.id);
    return relative(resolve(App.of(this).outdir, stack), path);
  }
}
