import { randomBytes } from "node:crypto";
import type { Pipeline } from "../../../environments/schema";
import { DAY_MS } from "../../../runtime/clock";
import { SMOKE_DATASETS, SMOKE_PREFIXES } from "../../../runtime/smoke";

/** Row as it is sent and as it is to be found. */
export interface Row {
  readonly number: number;
  readonly text: string;
}

/** Rejected line. */
export interface Letter {
  /** Number of the line in its file. */
  readonly line: number;
  readonly text: string;
}

/** File of a smoke test: good rows, and one broken line. */
export interface SentFile {
  readonly pipeline: Pipeline;
  readonly dataset: string;
  /** Label of the test, in the key and in each row. */
  readonly label: string;
  readonly key: string;
  /** Date in the name of a file of the manifests pipeline, which is that of its partition. */
  readonly date: string;
  readonly body: string;
  readonly rows: readonly Row[];
  readonly broken: Letter;
}

/** Texts that lose something where one is taken for a number, cut at a comma, or read in another encoding. */
const ROWS: readonly Row[] = [
  { number: 1, text: "1.10" },
  { number: 2, text: "two, and more" },
  { number: 3, text: "grün" },
];

/** First date of the dataset `smoke_manifests`. */
const FIRST_DATE = Date.parse("2020-01-01T00:00:00Z");

/** A label that no other test has: its time, and three bytes by chance. */
export function newLabel(now: Date): string {
  const time = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").toLowerCase();
  return `smoke-${time}-${randomBytes(3).toString("hex")}`;
}

/** A date by chance: a manifest is of one date, so two tests of one moment hardly share any. */
export function newDate(now: Date): string {
  const days = Math.floor((now.getTime() - FIRST_DATE) / DAY_MS);
  return new Date(FIRST_DATE + (randomBytes(4).readUInt32BE() % days) * DAY_MS).toISOString().slice(0, 10);
}

/** Builds the file of a test for one pipeline. */
export function fileOf(pipeline: Pipeline, label: string, date: string): SentFile {
  const { name, good, broken, head = [] } = FORMS[pipeline](label, date);
  return {
    pipeline,
    dataset: SMOKE_DATASETS[pipeline],
    label,
    key: `${SMOKE_PREFIXES[pipeline]}${name}`,
    date,
    body: [...head, ...good, broken, ""].join("\n"),
    rows: ROWS,
    broken: { line: head.length + good.length + 1, text: broken },
  };
}

interface Form {
  readonly name: string;
  /** Lines before the rows. */
  readonly head?: readonly string[];
  readonly good: readonly string[];
  readonly broken: string;
}

const FORMS: Readonly<Record<Pipeline, (label: string, date: string) => Form>> = {
  uploads: (label) => ({
    name: `${label}.csv`,
    head: ["label,number,text"],
    good: ROWS.map(({ number, text }) => `${label},${number},"${text}"`),
    broken: `${label},4`,
  }),
  manifests: (label, date) => ({ name: `${date}-${label}.ndjson`, ...ndjson(label) }),
  ledger: (label) => ({ name: `${label}.ndjson`, ...ndjson(label) }),
};

function ndjson(label: string): Pick<Form, "good" | "broken"> {
  return {
    good: ROWS.map((row) => JSON.stringify({ label, ...row })),
    broken: `{"label":"${label}","number":`,
  };
}
