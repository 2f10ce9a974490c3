import type { Construct } from "constructs";
import type { Environment } from "../environments/schema";
import { ComputeStack } from "./compute/stack";
import { LedgerStack } from "./ledger/stack";
import { NetworkStack } from "./network/stack";
import { ObservabilityStack } from "./observability/stack";
import { StorageStack } from "./storage/stack";

/** Five layers of one environment; an argument is a dependency. */
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
