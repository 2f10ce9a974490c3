/** What the rows of given files show, as Python finds it (glue/tributary/inference). */
import { CommandError } from "../../../setup/errors";
import { pythonOutput } from "../../python-module";
import { UsageError } from "../command/errors";
import { EXIT } from "../command/exit-codes";

export interface Inferred {
  readonly format: Readonly<Record<string, unknown>> & { readonly kind: string };
  readonly columns: readonly (Readonly<Record<string, unknown>> & { readonly name: string })[];
  /** What the rows leave open. */
  readonly notes: readonly string[];
  readonly rows: number;
  /** Columns, as far as some may be such: the key, a time, a partition with all its values. */
  readonly suggested: {
    readonly key?: string;
    readonly time?: string;
    readonly partition?: string;
    readonly values?: readonly string[];
  };
  /** Name of the file with the first rows; null where there is none. */
  readonly sample: string | null;
}

/** Result of a file that was tried, as `npm run try --json` has it. */
export interface Tried {
  readonly file: string;
  readonly counts: { readonly input: number; readonly output: number; readonly rejected: number };
  readonly drift: readonly string[];
  readonly wholeFileReason: string | null;
  readonly wholeFileMessage: string | null;
  readonly rows: readonly unknown[];
  readonly rejects: readonly { readonly line: number; readonly reason: string; readonly message: string }[];
}

/** Looks at all rows; puts the first ones into the folder `samples`, if given. */
export async function infer(
  files: readonly string[],
  hints: readonly string[],
  reserved: readonly string[],
  samples: string | undefined,
): Promise<Inferred> {
  return answerOf("tributary.inference", [
    ...files,
    ...hints.map((hint) => `--column=${hint}`),
    ...reserved.map((name) => `--reserved=${name}`),
    ...(samples === undefined ? [] : [`--sample=${samples}`]),
  ]);
}

/** Tries files with the declaration in a folder. */
export function tryFiles(folder: string, files: readonly string[], rows: number): Promise<Tried[]> {
  return answerOf("tributary.try_dataset", [folder, ...files, "--json", `--rows=${rows}`]);
}

async function answerOf<Answer>(module: string, words: readonly string[]): Promise<Answer> {
  const { exitCode, output, stdout } = await pythonOutput(module, words);
  if (stdout !== "") return JSON.parse(stdout) as Answer;
  const message = output.trim().replace(/^error: /, "");
  throw exitCode === EXIT.usage ? new UsageError(message) : new CommandError(message);
}
