import { Construct } from "constructs";
import { lockedWheels, nativeWheel, tributaryPackage } from "../code/glue-package";
import { StoredCode, type StoredCodeProps } from "../code/stored-code";

export interface JobCodeProps extends StoredCodeProps {
  /** True where the locked wheels are installed; false where the workers have them. */
  readonly installWheels: boolean;
}

/** Code of all jobs: what they share, as `s3://` addresses, and the store that their scripts go to as well. */
export class JobCode extends Construct {
  readonly store: StoredCode;
  readonly package: string;
  /** Addresses of the wheels; empty where the workers have them. */
  readonly wheels: readonly string[];

  constructor(scope: Construct, id: string, { installWheels, ...place }: JobCodeProps) {
    super(scope, id);
    this.store = new StoredCode(this, "store", place);
    this.package = this.store.add("glue", tributaryPackage());
    const wheels = installWheels ? [...lockedWheels(), nativeWheel()] : [];
    this.wheels = wheels.map((wheel) => this.store.add("wheels", wheel));
  }
}
