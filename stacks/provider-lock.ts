import { copyFileSync } from "node:fs";
import { join } from "node:path";
import type { IStackSynthesizer, ISynthesisSession, TerraformStack } from "cdktf";
import { ROOT } from "../constructs/code/paths";

/** Checksums of the provider, in the form and under the name that Terraform reads. */
const LOCK = ".terraform.lock.hcl";

/** Writes a stack, and beside it the checksums without which Terraform would take any provider that a mirror has. */
export class ProviderLock implements IStackSynthesizer {
  constructor(
    private readonly stack: TerraformStack,
    private readonly inner: IStackSynthesizer = stack.synthesizer,
  ) {}

  synthesize(session: ISynthesisSession): void {
    this.inner.synthesize(session);
    const { workingDirectory } = session.manifest.forStack(this.stack);
    copyFileSync(join(ROOT, LOCK), join(session.outdir, workingDirectory, LOCK));
  }
}
