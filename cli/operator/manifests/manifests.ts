import { bucketName } from "../../../environments/schema";
import { type ManifestName, manifestKey } from "../../../runtime/manifests/manifests";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { bytes, type Column, table } from "../command/tables";
import { type Listed, listObjects } from "./objects";
import { manifestsOfDate } from "./outputs";

export interface ManifestsOptions {
  readonly date: string;
  readonly dataset?: string;
  /** Only those without Parquet. */
  readonly waiting?: boolean;
  /** Maximum number of manifests to show; 0: all. */
  readonly limit: number;
}

interface Row extends ManifestName {
  readonly manifest: string;
  readonly writtenAt: string;
  readonly parquet?: Listed;
}

const COLUMNS: readonly Column<Row>[] = [
  { head: "dataset", cell: ({ dataset }) => dataset },
  { head: "manifest", cell: ({ id }) => id },
  { head: "written", cell: ({ writtenAt }) => writtenAt },
  { head: "Parquet", cell: ({ parquet }) => parquet?.modifiedAt },
  { head: "size", cell: ({ parquet }) => parquet && bytes(parquet.size) },
];

/** Shows the manifests of a date, each with its output: two listings and no call for a manifest. */
export async function manifests(operator: Operator, options: ManifestsOptions): Promise<ExitCode> {
  const rows: Row[] = [];
  let outputs: { dataset: string; byKey: ReadonlyMap<string, Listed> } | undefined;
  for await (const { modifiedAt, ...name } of manifestsOfDate(operator, options.date, options.dataset)) {
    if (operator.signal.aborted) return EXIT.interrupted;
    if (outputs?.dataset !== name.dataset) {
      outputs = { dataset: name.dataset, byKey: await outputsOf(operator, name) };
    }
    const parquet = outputs.byKey.get(name.id);
    if (options.waiting && parquet !== undefined) continue;
    const row = { ...name, manifest: manifestKey(name), writtenAt: modifiedAt };
    rows.push(parquet === undefined ? row : { ...row, parquet });
    if (options.limit > 0 && rows.length > options.limit) break;
  }
  return show(operator, rows, options.limit);
}

/** Parquet objects of a dataset and date, by the id in their names. */
async function outputsOf(
  operator: Operator,
  { dataset, date }: ManifestName,
): Promise<ReadonlyMap<string, Listed>> {
  const bucket = bucketName(operator.environment, "curated");
  const byId = new Map<string, Listed>();
  for await (const object of listObjects(operator, bucket, `tables/${dataset}/date=${date}/`)) {
    byId.set(object.key.replace(/^.*\/|\.parquet$/g, ""), object);
    operator.terminal.progress(`${byId.size} Parquet objects of ${dataset}`);
  }
  return byId;
}

function show({ terminal }: Operator, rows: readonly Row[], limit: number): ExitCode {
  const shown = limit > 0 ? rows.slice(0, limit) : rows;
  if (shown.length === 0) {
    terminal.warn("no manifest fits");
    return EXIT.nothing;
  }
  if (terminal.json) for (const row of shown) terminal.record(row);
  else terminal.write(table(COLUMNS, shown));
  if (rows.length > shown.length) terminal.warn(`there are more than ${limit}: --limit 0 shows all`);
  return EXIT.ok;
}
