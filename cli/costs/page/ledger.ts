import type { Environment } from "../../../environments/schema";
import { PRICES } from "../../../runtime/prices/table";
import { countText } from "../model/amount";
import { total } from "../model/cost";
import { LISTER_DPUS, ledgerCosts, ledgerRounds, tagsOf } from "../model/ledger";
import { floorOf } from "./floors";
import { about, costRows, tableOf, usd } from "./tables";

const MILLION = 1e6;
/** Kilobytes of a file in the examples. */
const KILOBYTES = 10;
/** Files of a history that is listed. */
const HISTORY = 100 * MILLION;
/** Hours of the lister for it, on two workers (docs/benchmarks.md). */
const LISTING_HOURS = 1.4;

/** Section on the ledger pipeline of an environment, without a file and by the million. */
export function ledgerSection(environment: Environment): string {
  const floor = floorOf(environment, ["ledger"]).filter(
    ({ pipeline, layer }) => pipeline === "ledger" || layer === "network",
  );
  const costs = ledgerCosts(environment, { files: MILLION });
  const many = (names: readonly string[]) =>
    (total(costs.filter(({ what }) => names.includes(what))) * HISTORY) / MILLION;
  const [copies, reads, glue, staging] = [
    many(["S3: move to the processed prefix"]),
    many(["S3: reads"]),
    many(["Glue: ledger-batch"]),
    many(["S3: staging, Parquet"]),
  ];
  const lister = LISTING_HOURS * LISTER_DPUS * PRICES.glueHour.dollars;
  const hourly = ledgerRounds({
    ...environment,
    ledger: { ...environment.ledger, batch: { ...environment.ledger.batch, rateMinutes: 60 } },
  });
  const small = (MILLION * KILOBYTES * 1000) / 2 ** 30;
  return `## The ledger pipeline

PostgreSQL and what it needs cost the same whatever comes; the rest follows the number of files. The settings are those of
[${environment.name}](../environments/${environment.name}.ts). 100 million files are 40 GB of PostgreSQL's storage. Backups are assumed to take half of the
storage's size beyond it in five weeks.

${tableOf(
  ["a month, without a file", "USD", "arithmetic"],
  [...costRows(floor), ["**together**", `**${about(floor)}**`, "and what all pipelines share"]],
)}

What speaks to PostgreSQL needs seven endpoints, and what they carry of messages and logs is cents.
\`ledger.batch.rateMinutes: 60\` makes the empty runs ${usd(hourly)} USD, the lister's included.

${tableOf(
  ["a million files of 10 KB", "USD", "arithmetic"],
  [...costRows(costs, 0), ["**with the move**", `**${about(costs)}**`, "of which half is the upload"]],
)}

\`ledger.batch.archive: tag\` takes ${usd(tagsOf(MILLION).dollars)} in the place of the move:
${tagsOf(MILLION).text}.

A history of ${countText(HISTORY)} such files costs ${about(copies + reads + glue + staging)} USD once, without its uploads and the queue, which a listing does not use: ${usd(copies)} for
the copies, ${usd(reads)} for the reads, ${usd(glue)} of Glue. The lister takes ${LISTING_HOURS} hours for it: ${usd(lister)} USD. After that it lists what is not processed yet.

Processed files go to Intelligent-Tiering, and after \`storage.lifecycle.processed.archiveDays\` to S3's archive. Neither takes objects
below 128 KB: files of 10 KB stay in the standard class, ${usd(small * PRICES.storageFirst.dollars)} USD a month for a million. Larger ones cost ${PRICES.instantArchive.dollars} instead of ${PRICES.storageFirst.dollars} a GB in
\`GLACIER_IR\`, from which a replay reads immediately, for ${PRICES.instantRead.dollars} a GB; in \`DEEP_ARCHIVE\` ${PRICES.deepArchive.dollars}, and a restore before it.`;
}
