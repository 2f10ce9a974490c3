import type { EmbeddedMetrics } from "../../runtime/aws/embedded-metrics";
import type { LedgerConnection } from "../../runtime/ledger/connection";
import type { WantedKeys } from "../../runtime/ledger/wanted";

/** Dependencies of the registrar. */
export interface Registrar {
  ledger: LedgerConnection;
  wanted: WantedKeys;
  metrics: EmbeddedMetrics;
}
