import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import type { Dataset } from "../../../datasets/schema/datasets";
import { CommandError } from "../../../setup/errors";
import { NothingMatched, wordsOf } from "../command/errors";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { archivedKey } from "../ledger/archived-key";
import { knownDatasets } from "../pipelines/meant";
import { type Line, lineOf } from "./correction";
import { type Beginning, beginningOf } from "./csv-text";
import { type Letter, type LettersSelection, lettersOf } from "./reading";

export interface ExportOptions extends LettersSelection {
  /** Folder for a file of each dataset. */
  readonly to: string;
}

/** Line of an exported file: what is replayed, and why it was rejected. */
export type ExportedLine = Line & Pick<Letter, "reason" | "message">;

/** Only its owner reads what senders sent. */
const PRIVATE = 0o600;

/** Writes dead letters into files for an editor, one of each dataset, and overwrites nothing. */
export async function exportLetters(operator: Operator, options: ExportOptions): Promise<ExitCode> {
  const { terminal } = operator;
  const counts = new Map<string, number>();
  const files = new Map<string, Awaited<ReturnType<typeof open>>>();
  const lines = new Lines(operator);
  let haveAll = true;
  await mkdir(options.to, { recursive: true });
  try {
    for await (const letter of lettersOf(operator, options)) {
      const path = join(options.to, `${letter.dataset}.ndjson`);
      const file = files.get(path) ?? (await created(path));
      files.set(path, file);
      try {
        const { reason, message } = letter;
        const exported: ExportedLine = { ...(await lines.of(letter)), reason, message };
        await file.write(`${JSON.stringify(exported)}\n`);
        counts.set(path, (counts.get(path) ?? 0) + 1);
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        haveAll = false;
        terminal.warn(`left: ${letter.key}, line ${letter.line}: ${wordsOf(error)}`);
      }
    }
  } finally {
    for (const file of files.values()) await file.close();
  }
  if (files.size === 0) throw new NothingMatched("no dead letter matches");
  const written = [...counts].map(([path, count]) => ({ path, lines: count }));
  terminal.show(
    { files: written },
    [
      ...written.map(({ path, lines: count }) => `${path}: ${count} lines`),
      "correct text in each, delete the lines that are to stay, and publish them: tributary dead-letters replay FILE",
    ].join("\n"),
  );
  return haveAll ? EXIT.ok : EXIT.failed;
}

async function created(path: string) {
  try {
    return await open(path, "wx", PRIVATE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new CommandError(`${path} exists, and nothing is overwritten: name another folder`);
  }
}

/** Makes lines of dead letters; of CSV, by the beginning of their file, which is read once. */
export class Lines {
  private readonly datasets = new Map(knownDatasets().map((each) => [each.name, each]));
  private last: { readonly source: string; readonly beginning: Promise<Beginning> } | undefined;

  constructor(private readonly operator: Operator) {}

  /** @throws CommandError where the line was cut, or the header cannot be read any more */
  async of(letter: Letter): Promise<Line> {
    if (letter.length !== undefined) {
      throw new CommandError(
        `only the beginning of its ${letter.length} bytes was kept: send it as a file of the dataset`,
      );
    }
    const dataset = this.datasets.get(letter.dataset);
    if (dataset === undefined) throw new CommandError(`no dataset ${letter.dataset} is declared`);
    return lineOf(letter, await this.beginning(letter, dataset));
  }

  private async beginning(letter: Letter, dataset: Dataset): Promise<Beginning | undefined> {
    const { format } = dataset;
    if (format.kind !== "csv") return undefined;
    const source = JSON.stringify([letter.bucket, letter.key, letter.version]);
    if (this.last?.source !== source) {
      const opened = openSource(this.operator, letter, dataset);
      this.last = { source, beginning: opened.then((stream) => beginningOf(stream, format)) };
    }
    return this.last.beginning;
  }
}

/** Opens a version of a raw object; one of the ledger also where it was moved to. */
async function openSource(
  { aws }: Operator,
  { bucket: Bucket, key, version: VersionId }: Letter,
  { pipeline, prefix }: Dataset,
): Promise<NodeJS.ReadableStream> {
  const moved = pipeline === "ledger" ? [{ Key: archivedKey(key, VersionId, prefix) }] : [];
  for (const place of [{ Key: key, VersionId }, ...moved]) {
    try {
      const { Body } = await aws.s3.send(new GetObjectCommand({ Bucket, ...place }));
      return Body as NodeJS.ReadableStream;
    } catch (error) {
      if (!(error instanceof Error && ["NoSuchKey", "NoSuchVersion", "400"].includes(error.name)))
        throw error;
    }
  }
  throw new CommandError(
    "its file is gone, whose beginning says what its columns are: send it as a file of the dataset",
  );
}
