import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { checkFolders, declaredFolders, shown } from "../../../datasets/schema/check";
import { NAME } from "../../../datasets/schema/names";
import type { Pipeline } from "../../../environments/schema";
import { expectedAt } from "../../../runtime/expected";
import { ROOT } from "../../../setup/paths";
import { afterwards } from "../command/applying";
import { UsageError } from "../command/errors";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Terminal } from "../command/terminal";
import { declarationText } from "./declaration-text";
import { type Inferred, infer, type Tried, tryFiles } from "./inferred";

export interface NewOptions {
  readonly name: string;
  /** Files that it is to read. */
  readonly from: readonly string[];
  readonly pipeline: Pipeline;
  /** Types of columns, such as `amount=decimal(12,2)`. */
  readonly column?: readonly string[];
  /** @default input/<name>/ */
  readonly prefix?: string;
  readonly owner: string;
  readonly classification: string;
  readonly yes?: boolean;
}

const SAMPLES = "samples";
const EXPECTED = "expected.json";
const SAMPLE_ROWS = 20;
const LETTERS_SHOWN = 3;
const FIRST_DATE = "2020-01-01";
const DATED = /^\d{4}-\d{2}-\d{2}/;

/** Declares a dataset by the files that it is to read: shows the folder that it would write, and writes it with `yes`. */
export async function declareNew(terminal: Terminal, options: NewOptions): Promise<ExitCode> {
  const folder = newFolder(options.name);
  const work = mkdtempSync(join(tmpdir(), "tributary-new-"));
  try {
    const draft = await draftOf(options, join(work, options.name));
    if (options.yes) cpSync(draft.folder, folder, { recursive: true, errorOnExist: true, force: false });
    const { inferred, tried, edits } = draft;
    const counts = countsOf(tried);
    terminal.show(
      { declaration: draft.document, notes: inferred.notes, counts, edits, written: options.yes === true },
      wordsOf(draft, options).join("\n"),
    );
    return edits.length > 0 ? EXIT.failed : EXIT.ok;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Folder of a dataset that is not there yet. */
function newFolder(name: string): string {
  if (!NAME.test(name))
    throw new UsageError(
      expectedAt("NAME", "a lower-case name (a-z, 0-9, _) that begins with a letter", name),
    );
  const folder = join(ROOT, "datasets", name);
  const isTaken = declaredFolders().some((each) => basename(each) === name);
  if (isTaken || existsSync(folder))
    throw new UsageError(expectedAt("NAME", "one that no dataset has (nothing is overwritten)", name));
  return folder;
}

/** A folder as it would be written, and what is known of it. */
interface Draft {
  readonly folder: string;
  readonly document: Readonly<Record<string, unknown>>;
  readonly inferred: Inferred;
  readonly tried: readonly Tried[];
  /** What is to be edited before it can be used. */
  readonly edits: readonly string[];
}

async function draftOf(options: NewOptions, folder: string): Promise<Draft> {
  const { from, pipeline, column = [], classification } = options;
  // data that not everybody may read has no place in a repository
  const samples = classification === "sensitive" ? undefined : join(folder, SAMPLES);
  const reserved = pipeline === "manifests" ? ["date"] : [];
  const inferred = await infer(from, column, reserved, samples);
  const document = declarationOf(options, inferred);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "dataset.json"), declarationText(document));
  const { findings } = checkFolders([...declaredFolders(), folder]);
  const own = findings.filter(({ file }) => file === join(folder, "dataset.json"));
  const isUsable = own.length === 0;
  const tried = isUsable ? await tryFiles(folder, from, 0) : [];
  if (isUsable && samples !== undefined && inferred.sample !== null)
    await expectSample(folder, inferred.sample);
  return {
    folder,
    document,
    inferred,
    tried,
    edits: [
      ...own.map((each) => shown({ ...each, file: `datasets/${options.name}/dataset.json` })),
      ...tried.flatMap(lost),
    ],
  };
}

function declarationOf(options: NewOptions, inferred: Inferred): Readonly<Record<string, unknown>> {
  const { name, from, pipeline, prefix = `input/${name}/`, owner, classification } = options;
  return {
    $schema: "../../docs/dataset.schema.json",
    name,
    description: `Rows of files like ${basename(from[0] ?? "")}.`,
    owner,
    classification,
    pipeline,
    prefix,
    format: inferred.format,
    ...(inferred.columns.length > 0 && { columns: inferred.columns }),
    ...(pipeline === "manifests" && { dates: { from: firstDate(from) } }),
    ...(pipeline === "ledger" && partitionsOf(inferred)),
  };
}

function firstDate(files: readonly string[]): string {
  const dates = files.flatMap((file) => DATED.exec(basename(file)) ?? []);
  return [FIRST_DATE, ...dates].sort()[0] ?? FIRST_DATE;
}

/** Partition and order of a batch, as far as columns suggest themselves. */
function partitionsOf({ columns, suggested }: Inferred): object {
  const { partition, values, time, key } = suggested;
  const others = columns.map(({ name }) => name).filter((name) => name !== partition);
  const sort = time ?? (key === partition ? undefined : key) ?? others[0];
  return partition === undefined
    ? { sort }
    : { partitions: [partition], partitionValues: { [partition]: values }, sort };
}

/** Puts what comes of the sample beside it, which the tests compare. */
async function expectSample(folder: string, name: string): Promise<void> {
  const [report] = await tryFiles(folder, [join(folder, SAMPLES, name)], SAMPLE_ROWS);
  if (report === undefined) return;
  const { output, rejected } = report.counts;
  const expected = { [name]: { rows: output, deadLetters: rejected, first: report.rows } };
  writeFileSync(join(folder, SAMPLES, EXPECTED), declarationText(expected));
}

/** What a file would lose. */
function lost({ file, counts, wholeFileReason, wholeFileMessage, rejects }: Tried): string[] {
  if (wholeFileReason !== null)
    return [`${file}: quarantined whole: ${wholeFileReason}: ${wholeFileMessage}`];
  if (counts.rejected === 0) return [];
  const letters = rejects
    .slice(0, LETTERS_SHOWN)
    .map(({ line, reason, message }) => `${file}: line ${line}: ${reason}: ${message}`);
  const more = counts.rejected - letters.length;
  return more > 0 ? [...letters, `${file}: and ${more} dead letters more`] : letters;
}

function countsOf(tried: readonly Tried[]) {
  const total = (key: "input" | "output" | "rejected") =>
    tried.reduce((sum, { counts }) => sum + counts[key], 0);
  return { input: total("input"), output: total("output"), rejected: total("rejected") };
}

function wordsOf({ document, inferred, tried, edits }: Draft, options: NewOptions): string[] {
  const { name, from, yes } = options;
  const place = `datasets/${name}`;
  const { input, output, rejected } = countsOf(tried);
  const hasSample = inferred.sample !== null && edits.length === 0;
  const drift = [...new Set(tried.flatMap((each) => each.drift))];
  return [
    declarationText(document).trimEnd(),
    ...list(
      `the ${inferred.rows} rows of ${from.length} ${from.length === 1 ? "file" : "files"} leave open:`,
      [
        ...inferred.notes,
        `owner ${document["owner"]}, classification ${document["classification"]}: --owner and --classification say others`,
      ],
    ),
    ...(tried.length > 0
      ? ["", `tried: rows in ${input}, rows out ${output}, dead letters ${rejected}`]
      : []),
    ...list("what some of the files lack, or have beside the columns:", drift),
    ...list("to be edited before it can be used:", edits),
    "",
    yes
      ? `written: ${place}/dataset.json${hasSample ? `, ${place}/${SAMPLES}/` : ""}`
      : `would be written: ${place}/dataset.json`,
    afterwards(yes === true, `rm -r ${place}`),
    ...(yes ? list("next:", nextSteps(options, hasSample)) : []),
  ];
}

function list(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)];
}

function nextSteps(
  { name, prefix = `input/${name}/`, classification }: NewOptions,
  hasSample: boolean,
): string[] {
  return [
    `npx tributary dataset check ${name}`,
    `npm run try -- ${name} FILE`,
    ...(hasSample
      ? [`npm test compares what comes of datasets/${name}/${SAMPLES} with ${EXPECTED} there`]
      : []),
    ...(classification === "sensitive"
      ? ["no sample is kept of sensitive data: make rows up for a test"]
      : []),
    `npm start -- --input FOLDER takes files below FOLDER/${name}/ through the whole platform on this machine`,
    `npm run deploy -- --environment dev; then files below ${prefix} of the raw bucket are taken`,
  ];
}
