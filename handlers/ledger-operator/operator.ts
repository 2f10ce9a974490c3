import type { EmbeddedMetrics } from "../../runtime/aws/embedded-metrics";
import type { Ledger } from "./ledger";

/** Dependencies of the function. */
export interface LedgerOperator {
  readonly ledger: Ledger;
  readonly emf: EmbeddedMetrics;
  /** Milliseconds left of the invocation. */
  readonly remainingMs: () => number;
}
