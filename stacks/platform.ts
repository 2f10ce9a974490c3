import type { Construct } from "constructs";
import type { Environment } from "../environments/schema";
import { ComputeStack } from "./compute";
import { LedgerStack } from "./ledger";
import { NetworkStack } from "./network";
import { ObservabilityStack } from "./observability";
import { StorageStack } from "./storage";

/** All five layers of one environment; an argument is a dependency. */
export class Platform {
  readonly network: NetworkStack;
  readonly storage: StorageStack;
  readonly ledger: LedgerStack;
  readonly compute: ComputeStack;
  readonly observability: ObservabilityStack;

  constructor(scope: Construct, environment: Environment) {
    this.network = new NetworkStack(scope, environment);
    this.storage = new StorageStack(scope, environment);
    const { network, storage } = this;
    this.ledger = new LedgerStack(scope, environment, { network, storage });
    this.compute = new ComputeStack(scope, environment, { network, storage, ledger: this.ledger });
    this.observability = new ObservabilityStack(scope, environment, { storage });
  }
}
