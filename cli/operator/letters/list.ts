import { isCorrection } from "../../../runtime/corrections";
import { NothingMatched } from "../command/errors";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { indented, list, table } from "../command/tables";
import { correctionOfFile } from "./books";
import type { Correction, Line } from "./correction";
import { type Letter, type LettersSelection, lettersOf } from "./reading";

export interface ListOptions extends LettersSelection {
  /** Maximum number of dead letters; 0: all. */
  readonly limit: number;
}

/** Number of dead letters in a block, so that millions of them need no memory. */
const BLOCK = 500;
const SHOWN_CHARACTERS = 60;

/** Lists dead letters of every pipeline in one form. */
export async function listLetters(operator: Operator, options: ListOptions): Promise<ExitCode> {
  const { terminal } = operator;
  const block: Letter[] = [];
  const flush = () => block.length > 0 && terminal.write(tableOf(block.splice(0)));
  return shownUpTo(operator, options, (letter) => {
    if (terminal.json) terminal.record(letter);
    else if (block.push(letter) === BLOCK) flush();
  }).finally(flush);
}

/** Shows each dead letter whole; of a file of corrected lines, first by whom, when and of which lines it was made. */
export async function showLetters(operator: Operator, options: ListOptions): Promise<ExitCode> {
  const { terminal } = operator;
  const corrections = await Promise.all(
    options.files.filter(isCorrection).map((key) => correctionOfFile(operator, key)),
  );
  const known = corrections.filter((each) => each !== undefined);
  for (const correction of known) {
    if (terminal.json) terminal.record(correction);
    else terminal.write(correctionText(correction));
  }
  if (known.length > 0) return EXIT.ok;
  return shownUpTo(operator, options, (letter) => {
    if (terminal.json) terminal.record(letter);
    else terminal.write(textOf(letter));
  });
}

async function shownUpTo(
  operator: Operator,
  options: ListOptions,
  show: (letter: Letter) => void,
): Promise<ExitCode> {
  let shown = 0;
  for await (const letter of lettersOf(operator, options)) {
    if (options.limit > 0 && shown === options.limit) {
      operator.terminal.warn(`there are more than ${options.limit}: --limit 0 shows all`);
      break;
    }
    shown += 1;
    show(letter);
  }
  if (shown === 0) throw new NothingMatched("no dead letter matches");
  return EXIT.ok;
}

function tableOf(letters: readonly Letter[]): string {
  return table<Letter>(
    [
      { head: "dataset", cell: ({ dataset }) => dataset },
      { head: "written", cell: ({ writtenAt }) => writtenAt.slice(0, 19) },
      { head: "file", cell: ({ key }) => key },
      { head: "line", cell: ({ line }) => line },
      { head: "reason", cell: ({ reason }) => reason },
      { head: "message", cell: ({ message }) => message.slice(0, SHOWN_CHARACTERS) },
      { head: "begins with", cell: ({ text }) => text?.slice(0, SHOWN_CHARACTERS) },
    ],
    letters,
  );
}

function textOf(letter: Letter): string {
  const { key, line, version, text, base64 = "", length } = letter;
  const entries = list([
    ["dataset", letter.dataset],
    ["pipeline", letter.pipeline],
    ["version", version],
    ["reason", `${letter.reason}: ${letter.message}`],
    ["written", letter.writtenAt],
    ["object", letter.letters],
    ...(length === undefined ? [] : [["bytes of the line", length] as const]),
    text === undefined ? ["bytes in base64", base64] : ["text", text],
  ]);
  return `${key}, line ${line}\n${indented(entries)}\n`;
}

function correctionText({ key, dataset, by, at, lines }: Correction): string {
  const entries = list([
    ["dataset", dataset],
    ["corrected by", by],
    ["at", at],
  ]);
  const origins = table<Line>(
    [
      { head: "file", cell: (line) => line.key },
      { head: "version", cell: ({ version }) => version },
      { head: "line", cell: ({ line }) => line },
      { head: "begins with", cell: ({ text }) => text?.slice(0, SHOWN_CHARACTERS) },
    ],
    lines,
  );
  return `${key}\n${indented(entries)}\n${indented(origins)}`;
}
