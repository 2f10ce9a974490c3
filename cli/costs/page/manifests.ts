import type { Environment } from "../../../environments/schema";
import { PRICES } from "../../../runtime/prices/table";
import { countText, priceText } from "../model/amount";
import { total, workOf } from "../model/cost";
import { expectedCosts } from "../model/expected";
import { manifestsOf, type Sweep, sweepsOf } from "../model/manifests-load";
import { PARQUET_SHARE, ROW_KILOBYTES } from "../model/measured";
import { keptBehind } from "../model/storage";
import { about, costRows, tableOf, usd, volume } from "./tables";

const GIBIBYTES = 1e9 / 2 ** 30;
/** Share of Snappy's bytes that zstd's Parquet took on the nested sample (docs/benchmarks.md). */
const ZSTD_SHARE = 0.61;
/** How much less what nobody read costs in Intelligent-Tiering: after 30 days, and after 90. */
const TIERED = [0.46, 0.83] as const;

/** Section on the manifests pipeline of an environment, at the load that it expects. */
export function manifestsSection(environment: Environment): string {
  const alone: Environment = { ...environment, pipelines: ["manifests"] };
  const all = expectedCosts(alone);
  const own = all.filter(({ pipeline }) => pipeline === "manifests");
  const costs = own.filter(({ by }) => by !== "storage");
  const kept = own.filter(({ by }) => by === "storage");
  const shared = all.filter(({ pipeline }) => pipeline === "shared");
  const withoutStorage = [...costs, ...shared];
  const files = total(
    costs.filter(({ what }) => ["S3: uploads", "S3: reads", "CloudTrail: data events"].includes(what)),
  );
  const rows = [
    ...costRows(costs),
    ["what all pipelines share", usd(shared), "[above](#the-floor-of-each-pipeline), with endpoints"],
    [
      "**without storage**",
      `**${about(withoutStorage)}**`,
      `${usd(files)} USD of it for PUT, GET and data events of the files themselves`,
    ],
    ...costRows(kept),
    ["**with a month of input and Parquet**", `**${about(all)}**`, ""],
  ];
  const load = loadRows(alone);
  return `## The manifests pipeline

At the load of [${environment.name}](../environments/${environment.name}.ts), its \`usage\`, day and night where \`hoursPerMonth\` is 730. Measured rates
are in [benchmarks.md](benchmarks.md).

${tableOf(["", "an hour", "a second", "a month"], load)}

## A month

${tableOf(["", "USD", "arithmetic"], rows)}

Keys of more than 240 bytes make rows of more than 1 KB, which count double. Bucket keys and SQS's five minutes of reuse leave some
100,000 requests to KMS, cents. Whoever uploads, the bucket's owner pays for it.

${storageText(environment)}

${reconcilerText(alone)}`;
}

function loadRows(environment: Environment): string[][] {
  const work = workOf(environment, "manifests");
  const { files, gigabytes, filesPerHour } = work;
  const manifests = manifestsOf(environment);
  const hourly = gigabytes / work.hours;
  const row = (what: string, month: number, text: (amount: number) => string = countText) => [
    what,
    text(month / work.hours),
    text(month / work.hours / 3600),
    text(month),
  ];
  const second = (amount: number) => `${countText(amount / 3.6)} MB`;
  return [
    row("files", files),
    ["input", volume(hourly), second(hourly), volume(gigabytes)],
    row(
      `manifests of ${files / manifests} files, ${countText((gigabytes * 1000) / manifests)} MB`,
      manifests,
    ),
    [
      `Parquet (Snappy), ${PARQUET_SHARE * 100} % of the input on our nested sample`,
      volume(hourly * PARQUET_SHARE),
      second(hourly * PARQUET_SHARE),
      volume(gigabytes * PARQUET_SHARE),
    ],
  ].filter(() => filesPerHour > 0);
}

function storageText(environment: Environment): string {
  const { files, gigabytes } = workOf(environment, "manifests");
  const month = gigabytes * GIBIBYTES;
  const parquet = keptBehind(month, month * PARQUET_SHARE).dollars;
  const week = (gigabytes * 7 * 24) / 730;
  const moved = (files * PRICES.tiering.dollars) / PRICES.tiering.per;
  const watched = (files * PRICES.watching.dollars) / PRICES.watching.per;
  const [soon, late] = TIERED.map((share) => Math.round(share * 100));
  const again = (files: number) => (files * 7 * PRICES.tableWrite.dollars) / PRICES.tableWrite.per;
  return `Storage decides, and it is a setting. Each further month of input and Parquet that is kept adds what one month holds:

- \`storage.lifecycle.raw.expireDays: 7\` keeps ${volume(week)} of input instead of ${volume(gigabytes)}: ${usd(keptBehind(0, week * GIBIBYTES).dollars)} USD instead of ${usd(keptBehind(0, month).dollars)}.
- Intelligent-Tiering (\`tieringDays\`) takes ${priceText(PRICES.tiering)} objects that move and ${priceText(PRICES.watching)} a month
  for those that it watches: ${usd(moved)} USD for a month's files once, ${usd(watched)} USD a month after. What nobody read for 30 days costs ${soon} % less there,
  after 90 days ${late} %: it pays for files that are kept for three months and more, and not for those that expire before.
- zstd (\`outputs.parquet.compression\`) took ${ZSTD_SHARE * 100} % of Snappy's bytes on the nested sample: ${usd(parquet * (1 - ZSTD_SHARE))} USD less for each month of Parquet.

A file that comes twice costs a few requests more and no output. A version that replaces another takes a write that is refused, a
read, and a transaction of two writes and a check, each counted double, in the place of one write: ${again(1e6).toFixed(0)} USD more for a million of them.`;
}

function reconcilerText(environment: Environment): string {
  const { files } = workOf(environment, "manifests");
  const { hot, warm, rest, together, isBusy } = sweepsOf(environment);
  const row = (what: string, { objects, compared }: Sweep) => [what, countText(objects), countText(compared)];
  const busy = isBusy
    ? "\nThe function never rests then: four pages a second are all that one invocation at a time lists, and the hot dates take as long as that."
    : "";
  return `## What the reconciler looks at

A date is ${countText((files * 24) / 730)} files. Yesterday's and today's are listed again after half a second for each page of a thousand, within 45 minutes
at most; the other dates of two weeks after 15 seconds for each, a day at most; and everything that the bucket keeps once in six days
(${countText(files)} for each month of input). What is younger than 14 days is compared with its rows, read as ranges of one partition: a row of
${ROW_KILOBYTES} KB costs a tenth of a read unit.${busy}

${tableOf(
  ["", "objects listed a month", "rows compared a month"],
  [
    row("yesterday and today", hot),
    row("the other dates of two weeks", warm),
    row("everything, with one month of input", rest),
    row("together", together),
  ],
)}`;
}
