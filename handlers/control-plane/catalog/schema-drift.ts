import { emitAlert, emitEvent } from "../../../runtime/aws/alerts";
import { emitMetrics } from "../../../runtime/aws/embedded-metrics";
import { inParallel, withBackoff } from "../../../runtime/in-parallel";
import { log } from "../../../runtime/log";
import { latestViewName } from "../../../runtime/manifests/latest-view";
import type { Receipt } from "../../../runtime/manifests/manifests";
import { isSmoke } from "../../../runtime/smoke";
import { admitColumns } from "../../../runtime/undeclared-columns";
import { ColumnsLeftError } from "../errors";
import type { ControlPlane } from "../plane";
import { type Claim, claimAnnouncement, noteAnnounced } from "./announce-once";
import { addColumns, keepViewInStep, missingColumns } from "./columns";

/**
 * Number of columns that are announced and added together: an event holds 256 KB, a name at most 255 bytes.
 * Their 1,000 writes take 7 s at 256 MB, so a function that is cut off has added some of 10,000, and the next
 * one goes on.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/events/CalculatePutEventsEntrySize.html (2026-11-29)
 */
const COLUMNS_AT_ONCE = 500;
const CLAIMS_AT_ONCE = 20;
/** Time that must be left to begin with further columns. */
const RESERVE_MS = 20_000;

/** Columns of a published output. */
export interface OutputColumns {
  dataset: string;
  columns: readonly string[];
  /** Source of the output in logs and alerts: a manifest's id, or a batch's. */
  origin: Readonly<Record<string, string | number>>;
}

/**
 * Keeps the catalog in step with a manifest's output: adds its new columns and copies them to the view, also
 * where the function died between the two last time.
 *
 * @throws UnknownTableError when the dataset has no table
 * @throws ColumnsLeftError when the time did not suffice for all columns
 * @throws AlertRefusedError when EventBridge refuses the event of new columns
 */
export async function keepCatalogInStep(plane: ControlPlane, receipt: Receipt): Promise<void> {
  const { dataset, columns, id } = receipt;
  try {
    await addNewColumns(plane, { dataset, columns, origin: { manifest: id } });
  } finally {
    await keepView(plane, dataset);
  }
}

/**
 * Copies the table's columns to the view, and alerts once a day where there are too many of them.
 *
 * @throws AlertRefusedError when EventBridge refuses the alert
 */
export async function keepView(plane: ControlPlane, dataset: string): Promise<void> {
  const { bus, catalog, clock } = plane;
  if (await keepViewInStep(catalog, clock, dataset)) return;
  const view = latestViewName(dataset);
  const type = `view#${view}`;
  if ((await claimAnnouncement(plane, type)) !== "claimed") return;
  await emitAlert(bus, {
    environment: bus.environment,
    severity: "error",
    summary: `the view ${view} lacks columns of its table, ${bus.environment}`,
    reason: "its text would be longer than the catalog takes, and Athena refuses it as it is",
    nextStep: `query the table itself, and drop columns (tributary columns drop --dataset ${dataset})`,
  });
  await noteAnnounced(plane, type);
}

/**
 * Announces the columns that the table lacks, each once a day, and adds them; those of smoke tests are only added.
 *
 * @throws UnknownTableError when the dataset has no table
 * @throws ColumnsLeftError when the time did not suffice for all columns
 * @throws AlertRefusedError when EventBridge refuses the event of new columns
 */
export async function addNewColumns(plane: ControlPlane, output: OutputColumns): Promise<void> {
  const missing = await missingColumns(plane.catalog, plane.clock, output.dataset, output.columns);
  for (let start = 0; start < missing.length; start += COLUMNS_AT_ONCE) {
    if (start > 0 && plane.remainingMs() < RESERVE_MS) {
      throw new ColumnsLeftError(output.dataset, missing.length - start);
    }
    await addSome(plane, output, missing.slice(start, start + COLUMNS_AT_ONCE));
  }
}

/**
 * Announces before it adds: a column in the catalog counts as known, so one added by a function that died
 * before its announcement would never be announced. A column that another invocation is announcing is left to
 * that one.
 */
async function addSome(
  plane: ControlPlane,
  output: OutputColumns,
  missing: readonly string[],
): Promise<void> {
  const { catalog, clock, control } = plane;
  const { dataset, origin } = output;
  const claims = new Map<string, Claim>();
  const errors = await inParallel(missing, CLAIMS_AT_ONCE, async (column) => {
    claims.set(column, await claimAnnouncement(plane, typeOf(dataset, column)));
  });
  const claimed = missing.filter((column) => claims.get(column) === "claimed");
  if (claimed.length > 0 && !isSmoke(dataset)) await announce(plane, output, claimed);
  const ready = missing.filter((column) => claims.has(column) && claims.get(column) !== "taken");
  // What stands in the table takes a place, however it came there: work may publish a column that was dropped meanwhile.
  await withBackoff(clock, () => admitColumns(control, dataset, ready));
  await addColumns(
    catalog,
    clock,
    dataset,
    ready.map((name) => ({ name, type: "string" })),
  );
  log("warn", "added columns to the catalog", { dataset, ...origin, columns: ready });
  if (errors[0]) throw errors[0];
}

async function announce(
  plane: ControlPlane,
  output: OutputColumns,
  columns: readonly string[],
): Promise<void> {
  const { bus, emf } = plane;
  const { dataset, origin } = output;
  const summary = `${columns.length} new columns in ${dataset} of ${bus.environment}, the first ${columns[0]}`;
  const detail = {
    environment: bus.environment,
    severity: "warning",
    summary,
    dataset,
    columns,
    ...origin,
  };
  await emitEvent(bus, "SchemaDrift", detail, summary);
  const errors = await inParallel(columns, CLAIMS_AT_ONCE, (column) =>
    noteAnnounced(plane, typeOf(dataset, column)),
  );
  emitMetrics(emf, [{ name: "SchemaDrift", value: columns.length, unit: "Count" }], {
    dataset,
    ...origin,
  });
  if (errors[0]) throw errors[0];
}

function typeOf(dataset: string, column: string): string {
  return `drift#${dataset}#${column}`;
}
