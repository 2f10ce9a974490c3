import { emitEvent } from "../shared/alerts";
import { emitMetrics } from "../shared/embedded-metrics";
import { log } from "../shared/log";
import type { Receipt } from "../shared/manifests";
import { type Claim, claimAnnouncement, noteAnnounced } from "./announce-once";
import { addColumns, missingColumns } from "./catalog-columns";
import type { ControlPlane } from "./plane";

/** An event holds 256 KB, a column's name at most 255 bytes. */
const COLUMNS_AN_EVENT = 500;

/**
 * Adds the columns of an output that the catalog does not show yet, and announces each of them once a day. They are
 * announced first: a column that stands in the catalog is not new to anybody, so one that was added by a function
 * that died before it spoke would never be told of. One that another invocation is announcing is left to that one.
 */
export async function keepCatalogInStep(plane: ControlPlane, receipt: Receipt): Promise<void> {
  const { catalog, clock } = plane;
  const { dataset, id } = receipt;
  const missing = await missingColumns(catalog, clock, dataset, receipt.columns);
  if (missing.length === 0) return;
  const claims = new Map<string, Claim>();
  for (const column of missing) claims.set(column, await claimAnnouncement(plane, typeOf(dataset, column)));
  const claimed = missing.filter((column) => claims.get(column) === "claimed");
  for (let start = 0; start < claimed.length; start += COLUMNS_AN_EVENT) {
    await announce(plane, receipt, claimed.slice(start, start + COLUMNS_AN_EVENT));
  }
  const ready = missing.filter((column) => claims.get(column) !== "taken");
  await addColumns(catalog, clock, dataset, ready);
  log("warn", "added columns to the catalog", { dataset, manifest: id, columns: ready });
}

async function announce(plane: ControlPlane, receipt: Receipt, columns: readonly string[]): Promise<void> {
  const { bus, emf } = plane;
  const { dataset, id } = receipt;
  const summary = `${columns.length} new columns in ${dataset} of ${bus.environment}, the first ${columns[0]}`;
  const detail = {
    environment: bus.environment,
    severity: "warning",
    summary,
    dataset,
    columns,
    manifest: id,
  };
  await emitEvent(bus, "SchemaDrift", detail, summary);
  for (const column of columns) await noteAnnounced(plane, typeOf(dataset, column));
  emitMetrics(emf, [{ name: "SchemaDrift", value: columns.length, unit: "Count" }], {
    dataset,
    manifest: id,
  });
}

function typeOf(dataset: string, column: string): string {
  return `drift#${dataset}#${column}`;
}
