import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { z } from "zod";
import type { Dataset } from "../../../datasets/schema/datasets";
import { bucketName } from "../../../environments/schema";
import { expectedAt } from "../../../runtime/expected";
import { inParallel } from "../../../runtime/in-parallel";
import { CommandError } from "../../../setup/errors";
import { afterwards, type YesOption } from "../command/applying";
import { caller } from "../command/caller";
import { NothingMatched, UsageError, wordsOf } from "../command/errors";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { table } from "../command/tables";
import { headObject, openText } from "../manifests/objects";
import { datasetOfKey, knownDatasets } from "../pipelines/meant";
import { begin, claim, claimOf, finish, isFinished, putOnce, unfinished } from "./books";
import {
  bodyOf,
  type Correction,
  correctionsOf,
  digestOf,
  formProblem,
  identityOf,
  type Line,
} from "./correction";
import { Lines } from "./export";
import { lettersIn, lettersOf } from "./reading";

export interface ReplayOptions extends YesOption {
  /** Exported files; none: the dead letters of that reason, as they are. */
  readonly exported: readonly string[];
  readonly dataset?: string;
  readonly reason?: string;
  readonly since?: number;
}

/** Line that is not published, and why. */
interface Refused {
  readonly line: Line;
  readonly why: string;
}

type Judged = {
  readonly accepted: readonly (Line & { readonly dataset: Dataset })[];
  readonly refused: readonly Refused[];
};

const AT_ONCE = 32;
const REFUSED_SHOWN = 20;

/** @throws UsageError where neither files nor a reason say what is meant, or both do */
export function checkReplay({ exported, reason, dataset, since }: ReplayOptions): void {
  const selects = [reason, dataset, since].some((each) => each !== undefined);
  if (exported.length > 0 && selects) {
    throw new UsageError("expected exported files, or --reason with --dataset and --since, not both");
  }
  if (exported.length === 0 && reason === undefined) {
    throw new UsageError(
      expectedAt("FILE", "exported files, or --reason for dead letters as they are", undefined),
    );
  }
}

/**
 * Publishes dead letters as files of their datasets, corrected or as they are, each line once. What an earlier call began and did not
 * finish is finished first: of the same lines, the first texts count.
 */
export async function replay(operator: Operator, options: ReplayOptions): Promise<ExitCode> {
  const { terminal, signal } = operator;
  const lines = await linesOf(operator, options);
  const begun = (await unfinished(operator)).filter((each) => isDeclared(operator, each));
  const inThem = new Set(begun.flatMap((each) => each.lines.map(nameOf)));
  const others = lines.filter((line) => !inThem.has(nameOf(line)));
  if (others.length < lines.length) {
    terminal.warn(
      `${lines.length - others.length} lines are in corrections that were begun before, and go with the texts that they have there`,
    );
  }
  const { accepted, refused } = await judged(operator, others);
  const corrections = [
    ...begun,
    ...correctionsOf(accepted, { by: await caller(operator), at: operator.now.toISOString() }),
  ];
  if (corrections.length === 0 && refused.length === 0) throw new NothingMatched("no dead letter matches");
  const done: Correction[] = [];
  let isWhole = refused.length === 0;
  if (options.yes) {
    for (const correction of corrections) {
      if (signal.aborted) break;
      terminal.progress(`${done.length} of ${corrections.length} files`);
      const published = await publish(operator, correction);
      if (published) done.push(published);
      isWhole &&= published?.lines.length === correction.lines.length;
    }
  }
  show(operator, options.yes ? done : corrections, refused, options.yes ?? false);
  return isWhole ? EXIT.ok : EXIT.failed;
}

/** A correction that was begun for a dataset that is gone waits for it, and for nobody else. */
function isDeclared({ terminal }: Operator, { id, dataset }: Correction): boolean {
  const is = knownDatasets().some(({ name }) => name === dataset);
  if (!is)
    terminal.warn(`left: correction ${id} was begun for the dataset ${dataset}, which is not declared`);
  return is;
}

/**
 * Publishes a correction: every step may be repeated, or done by two at once. Once each line has a claim, which nobody gives back,
 * those that name this correction are its content for good. Undefined where its file has other content: the declaration was changed
 * meanwhile, or somebody else put it there.
 */
async function publish(operator: Operator, wanted: Correction): Promise<Correction | undefined> {
  const correction = await begin(operator, wanted);
  const errors = await inParallel(correction.lines, AT_ONCE, (line) => claim(operator, correction, line));
  if (errors[0] !== undefined) throw errors[0];
  const owners = await claims(operator, correction.lines);
  const lines = correction.lines.filter((line) => owners.get(nameOf(line))?.correction === correction.id);
  const dataset = knownDatasets().find(({ name }) => name === correction.dataset);
  if (dataset === undefined) throw new CommandError(`no dataset ${correction.dataset} is declared`);
  const content = { ...correction, lines };
  if (lines.length < correction.lines.length) {
    const missing = correction.lines.length - lines.length;
    operator.terminal.warn(
      `left: ${missing} lines of correction ${correction.id} were replayed in another one`,
    );
  }
  // its file was put there already, and may be withdrawn since
  if (await isFinished(operator, correction)) return content;
  if (lines.length > 0 && !(await isThere(operator, correction.key, bodyOf(content, dataset)))) {
    operator.terminal.warn(
      `left: s3://${bucketName(operator.environment, "raw")}/${correction.key} has other content`,
    );
    return undefined;
  }
  await finish(operator, correction, lines.length);
  return content;
}

/** Puts a file into the raw bucket; false where another one is in its place. */
async function isThere(operator: Operator, key: string, body: Buffer): Promise<boolean> {
  if (await putOnce(operator, "raw", key, body)) return true;
  const stream = await openText(operator, bucketName(operator.environment, "raw"), key);
  // one that was put there and moved away was the same
  return stream === undefined || (await buffer(stream)).equals(body);
}

async function claims(operator: Operator, lines: readonly Line[]) {
  const found = new Map<string, Awaited<ReturnType<typeof claimOf>>>();
  const errors = await inParallel(lines, AT_ONCE, async (line) => {
    found.set(nameOf(line), await claimOf(operator, line));
  });
  if (errors[0] !== undefined) throw errors[0];
  return found;
}

function nameOf(line: Line): string {
  return digestOf(identityOf(line));
}

async function linesOf(operator: Operator, options: ReplayOptions): Promise<Line[]> {
  if (options.exported.length > 0) return (await Promise.all(options.exported.map(readExported))).flat();
  const lines: Line[] = [];
  const made = new Lines(operator);
  for await (const letter of lettersOf(operator, { ...options, files: [] })) {
    try {
      lines.push(await made.of(letter));
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      operator.terminal.warn(`left: ${letter.key}, line ${letter.line}: ${wordsOf(error)}`);
    }
  }
  return lines;
}

const exportedLine = z
  .object({
    bucket: z.string(),
    key: z.string(),
    version: z.string(),
    line: z.int().min(1),
    offset: z.int().min(0).optional(),
    letters: z.string(),
    text: z.string().optional(),
    base64: z.base64().optional(),
    header: z.string().optional(),
    fields: z.int().min(1).optional(),
  })
  .refine(({ text, base64 }) => (text === undefined) !== (base64 === undefined));

async function readExported(path: string): Promise<Line[]> {
  const content = await readFile(path, "utf8").catch((cause: Error) => {
    const message = expectedAt("FILE", "a file that dead-letters export wrote", path);
    throw new CommandError(`${message} (${cause.message})`, { cause });
  });
  // editors put a mark before it
  const lines = content.replace(/^\uFEFF/, "").split("\n");
  return lines.flatMap((text, index) => {
    if (text.trim() === "") return [];
    const parsed = exportedLine.safeParse(jsonOf(text));
    if (parsed.success) return [parsed.data as Line];
    const wanted = "a line as dead-letters export wrote it, whose text alone was changed";
    throw new CommandError(expectedAt(`${path}:${index + 1}`, wanted, text));
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Tells lines that can be published from those that cannot, before anything is changed. */
async function judged(operator: Operator, lines: readonly Line[]): Promise<Judged> {
  const current = await currentLetters(operator, lines);
  const owners = await claims(operator, lines);
  const newest = new Newest(operator);
  const seen = new Set<string>();
  const accepted: (Line & { readonly dataset: Dataset })[] = [];
  const refused: Refused[] = [];
  for (const line of lines) {
    const name = nameOf(line);
    const dataset = datasetOfKey(line.key);
    const refuse = (why: string) => refused.push({ line, why });
    const owner = owners.get(name);
    if (seen.has(name)) refuse("it stands twice in what is replayed");
    else if (owner)
      refuse(`it was replayed at ${owner.at} by ${owner.by}, in correction ${owner.correction}`);
    else if (!dataset) refuse("no dataset takes its file");
    else if (!current.has(name)) refuse(`${line.letters} has no such dead letter any more`);
    else {
      const why = formProblem(line, dataset) ?? (await newest.problem(line, dataset));
      if (why === undefined) accepted.push({ ...line, dataset });
      else refuse(why);
    }
    seen.add(name);
  }
  return { accepted, refused };
}

/** Names of the lines whose dead letters are in the objects that they say. */
async function currentLetters(operator: Operator, lines: readonly Line[]): Promise<Set<string>> {
  const names = new Set<string>();
  for (const object of new Set(lines.map(({ letters }) => letters))) {
    for await (const letter of lettersIn(operator, object, "")) names.add(nameOf(letter));
  }
  return names;
}

/** The newest versions of files: where that counts alone, lines of older ones are nobody's any more. */
class Newest {
  private readonly versions = new Map<string, Promise<string | undefined>>();

  constructor(private readonly operator: Operator) {}

  async problem({ bucket, key, version }: Line, { pipeline }: Dataset): Promise<string | undefined> {
    if (pipeline === "ledger") return undefined;
    const asked =
      this.versions.get(key) ?? headObject(this.operator, bucket, key).then((object) => object?.version);
    this.versions.set(key, asked);
    const newest = await asked;
    if (newest === undefined || newest === version) return undefined;
    return `version ${newest} has replaced that of its file`;
  }
}

function show(
  operator: Operator,
  corrections: readonly Correction[],
  refused: readonly Refused[],
  applied: boolean,
): void {
  const { terminal, environment } = operator;
  const raw = bucketName(environment, "raw");
  const files = corrections.map(({ id, dataset, key, lines, by, at }) => ({
    id,
    dataset,
    key,
    lines: lines.length,
    by,
    at,
  }));
  const left = refused.map(({ line: { key, version, line }, why }) => ({ key, version, line, why }));
  const text = table<(typeof files)[number]>(
    [
      { head: "dataset", cell: ({ dataset }) => dataset },
      { head: "lines", cell: ({ lines }) => lines },
      { head: applied ? "sent as" : "would be sent as", cell: ({ key }) => `s3://${raw}/${key}` },
    ],
    files,
  );
  const after = afterwards(
    applied,
    "tributary withdraw FILE, for each of these files; a line that was sent is not sent again",
  );
  terminal.show(
    { applied, files, refused: left },
    files.length > 0 ? `${text}\n${after}` : "nothing to send",
  );
  for (const { key, line, why } of left.slice(0, REFUSED_SHOWN))
    terminal.warn(`refused: ${key}, line ${line}: ${why}`);
  if (left.length > REFUSED_SHOWN) terminal.warn(`and ${left.length - REFUSED_SHOWN} more: --json has all`);
}
