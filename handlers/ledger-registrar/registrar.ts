import type { EmbeddedMetrics } from "../shared/embedded-metrics";
import type { LedgerConnection } from "../shared/ledger/connection";
import type { WantedKeys } from "../shared/ledger/wanted";

/** All that the registrar reaches. */
export interface Registrar {
  ledger: LedgerConnection;
  wanted: WantedKeys;
  metrics: EmbeddedMetrics;
}
