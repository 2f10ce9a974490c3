import type { EmbeddedMetrics } from "../../runtime/aws/embedded-metrics";
import type { Ledger } from "./ledger";

/** What the function works with. */
export interface LedgerOperator {
  readonly ledger: Ledger;
  readonly emf: EmbeddedMetrics;
  /** What is left of the invocation. */
  readonly remainingMs: () => number;
}
