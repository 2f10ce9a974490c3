import { basename } from "node:path";
import { type Dataset, readDataset } from "../../../datasets/schema/datasets";
import { bucketName, databaseName, type Environment } from "../../../environments/schema";
import { latestViewName } from "../../../runtime/manifests/latest-view";
import { oldPricesWarning } from "../../../runtime/prices/age";
import { costOf, DPUS, LEAST_RUN_SECONDS } from "../../../runtime/prices/glue";
import { PRICES } from "../../../runtime/prices/table";
import { CORE_MEGABYTES, CORES_PER_DPU, PARQUET_SHARE } from "../../costs/model/measured";
import { EXIT, type ExitCode } from "../command/exit-codes";
import { environmentOf } from "../command/settings";
import type { Terminal } from "../command/terminal";
import { existing } from "./check";

export interface ExplainOptions {
  readonly name: string;
  /** Its name, or path, decides about names of outputs. @default - a placeholder */
  readonly file?: string;
  /** @default - dev, or the first there is */
  readonly environment?: string;
}

/** Shows what would happen to a file of a dataset: where it goes, what comes of it, how long that is kept, what it costs. */
export function explain(
  terminal: Terminal,
  { name, file, environment: asked }: ExplainOptions,
  environment = environmentOf(asked),
  now = new Date(),
): ExitCode {
  const dataset = readDataset(existing(name));
  const facts = factsOf(dataset, environment, basename(file ?? "FILE"), now);
  const width = Math.max(...Object.keys(facts).map((key) => key.length));
  const lines = Object.entries(facts).flatMap(([key, told]) =>
    told.map((line, index) => `${(index === 0 ? key : "").padEnd(width)}  ${line}`),
  );
  terminal.show({ dataset: name, environment: environment.name, ...facts }, lines.join("\n"));
  return EXIT.ok;
}

type Facts = Readonly<Record<string, readonly string[]>>;

function factsOf(dataset: Dataset, environment: Environment, file: string, now: Date): Facts {
  const { pipeline, prefix, name, partitions = [], outputs } = dataset;
  const at = (bucket: "raw" | "curated" | "quarantine", key: string) =>
    `s3://${bucketName(environment, bucket)}/${key}`;
  const isOff = !environment.pipelines.includes(pipeline);
  return {
    environment: [
      isOff ? `${environment.name}, which leaves the pipeline ${pipeline} off` : environment.name,
    ],
    pipeline: [`${pipeline}: ${PIPELINE[pipeline]}`],
    upload: [`as ${at("raw", prefix + file)}`, ...namesAsked(dataset)],
    format: [`${dataset.format.kind}; ${fieldsOf(dataset)}`],
    rows: OUTPUTS[pipeline](name, stemOf(file), partitions).map((key) => at("curated", key)),
    ...(outputs.csv && { csv: [at("curated", `csv/${name}/${stemOf(file)}-<digest of the key>.csv`)] }),
    table: [
      `${databaseName(environment)}.${name}, partitions: ${partitionsOf(dataset)}`,
      ...(pipeline === "manifests" ? [`${latestViewName(name)}: each file's newest version`] : []),
    ],
    "dead letters": [at("quarantine", LETTERS[pipeline](name)), refusalOf(dataset)],
    kept: keptOf(dataset, environment),
    "cost a GB": costsOf(dataset, environment, now),
  };
}

const PIPELINE = {
  uploads: "each file becomes one object, which its next version replaces",
  manifests: "hundreds of files of a date become one object",
  ledger: "files are batched, their rows sorted and laid down by partition",
} as const;

const OUTPUTS: Record<
  Dataset["pipeline"],
  (name: string, stem: string, partitions: readonly string[]) => string[]
> = {
  uploads: (name, stem) => [`tables/${name}/${stem}-<digest of the key>.parquet`],
  manifests: (name, stem) => [`tables/${name}/date=${dateOf(stem)}/<manifest>.parquet`],
  ledger: (name, _, partitions) => [
    `tables/${name}/${partitions.map((each) => `${each}=…/`).join("")}part-<batch>-….parquet`,
  ],
};

const LETTERS: Record<Dataset["pipeline"], (name: string) => string> = {
  uploads: (name) => `dead-letters/${name}/`,
  manifests: (name) => `dead-letters/${name}/`,
  ledger: () => "error-data-lake/json_malformed_records/<batch>/",
};

function stemOf(file: string): string {
  return file.replace(/(\.csv)?(\.gz)?$/, "").replaceAll(/[^A-Za-z0-9]/g, "-");
}

function dateOf(stem: string): string {
  return /^\d{4}-\d{2}-\d{2}/.exec(stem)?.[0] ?? "<date>";
}

function namesAsked({ dates, size }: Dataset): string[] {
  const wanted = dates === undefined ? [] : [`its name begins with its date, from ${dates.from} to tomorrow`];
  if (size === "any") return wanted;
  return [...wanted, `it has ${size.megabytes} MB, give or take ${size.tolerancePercent} %`];
}

function fieldsOf({ columns, undeclared }: Dataset): string {
  if (columns === undefined) return "every field becomes a column of its exact text";
  const others = {
    keep: "become text columns",
    drop: "are dropped and counted",
    reject: "make a dead letter",
  };
  return `${columns.length} columns are declared, other fields ${others[undeclared]}`;
}

function partitionsOf({ pipeline, partitions = [] }: Dataset): string {
  return pipeline === "manifests" ? "date" : partitions.join(", ") || "none";
}

function refusalOf({ maximumRejectedPercent: most, emptyFiles }: Dataset): string {
  const share = most < 100 ? `of more than ${most} %` : "of all rows";
  return `${share}: the file is quarantined whole${emptyFiles === "quarantine" ? ", as one without a row is" : ""}`;
}

function keptOf({ pipeline }: Dataset, { storage: { lifecycle, raw } }: Environment): string[] {
  const days = (count: number | undefined) => (count === undefined ? "for ever" : `${count} days`);
  const replaced = (count: number) => `a replaced version ${days(count)}`;
  const uploaded = `the file: ${days(lifecycle.raw.expireDays)}, ${replaced(lifecycle.raw.noncurrentDays)}`;
  const processed = `the file: ${days(lifecycle.processed.expireDays)} from when it is processed, ${replaced(lifecycle.raw.noncurrentDays)}`;
  const input = pipeline === "ledger" ? processed : uploaded;
  return [
    raw.existing === undefined ? input : "the file: as the rules of that bucket say, which are not ours",
    `the rows: for ever, ${replaced(lifecycle.curated.noncurrentDays)}`,
    `dead letters: ${days(lifecycle.quarantine.expireDays)}`,
  ];
}

function costsOf({ pipeline }: Dataset, environment: Environment, now: Date): string[] {
  const warning = oldPricesWarning(now);
  const seconds = 1_000 / CORE_MEGABYTES.ndjson / CORES_PER_DPU;
  const storage = PRICES.storageFirst.dollars * (1 + PARQUET_SHARE);
  return [
    `${dollars(costOf(seconds))} of Glue: 1,000 MB at ${CORE_MEGABYTES.ndjson} MB/s a core, ${CORES_PER_DPU} cores a DPU`,
    ...leastOf(pipeline, environment),
    `${dollars(storage)} a month of S3, in its standard class, Parquet included; docs/costs.md has the arithmetic`,
    ...(warning === undefined ? [] : [warning]),
  ];
}

/** What is paid whatever a file has. */
function leastOf(pipeline: Dataset["pipeline"], environment: Environment): string[] {
  if (pipeline === "manifests") return ["the streaming job is paid by time, whether files come or not"];
  const { type, number, executionClass } =
    pipeline === "uploads" ? environment.uploads.workers : environment.ledger.batch.workers;
  const least = costOf(LEAST_RUN_SECONDS * number * (DPUS[type] ?? 1), executionClass);
  return [
    `${dollars(least)} at least for a run, however many files it has: a minute of ${number} workers ${type}`,
  ];
}

function dollars(amount: number): string {
  return `${amount.toPrecision(2)} USD`;
}
