import type { Pipeline } from "../../../environments/schema";
import { expectedAt } from "../../../runtime/expected";
import { NothingMatched, UsageError } from "../command/errors";
import { EXIT, type ExitCode } from "../command/exit-codes";
import { checkOn } from "../command/needed";
import type { Operator } from "../command/operator";
import { describeBatch } from "../ledger/batch-files";
import { describeLedgerFile } from "../ledger/describe";
import { describeFile } from "../manifests/describe";
import { describeManifest } from "../manifests/manifest-files";
import { describeUpload } from "../uploads/describe";
import { type Describe, type Described, workText } from "./described";
import { find } from "./find";
import type { WantedLetters } from "./letters";
import type { Meant } from "./meant";
import { save } from "./saved";

export interface DescribeOptions extends Omit<WantedLetters, "line"> {
  /** What is described: one word, or the columns of a row. */
  readonly words: readonly string[];
  /** Folder to save the newest version in. */
  readonly save?: string;
}

const DESCRIBED: Readonly<Record<Pipeline, Describe>> = {
  uploads: describeUpload,
  manifests: describeFile,
  ledger: describeLedgerFile,
};

/**
 * Shows all that is known about a file, by the pipeline of the dataset that takes it; a key of no dataset is looked
 * for in all of them, for its dataset may be gone. Of a manifest or a batch its files are listed.
 *
 * @throws NothingMatched when none knows it
 * @throws UsageError where a manifest or a batch is to be saved
 */
export async function describe(operator: Operator, options: DescribeOptions): Promise<ExitCode> {
  const { environment, terminal } = operator;
  const text = options.words.join("\t");
  const found = await find(operator, text);
  if (found.is !== "file") {
    if (options.save !== undefined) {
      throw new UsageError(expectedAt("--save", `a file to save, and not a ${found.is}`, text));
    }
    checkOn(environment, found.is === "manifest" ? "manifests" : "ledger");
    const work =
      found.is === "manifest"
        ? await describeManifest(operator, found.manifest)
        : await describeBatch(operator, found.batch);
    terminal.show(work, workText(work));
    return EXIT.ok;
  }
  const [first, ...others] = await known(operator, found.candidates, options.lines);
  if (first === undefined) throw unknown(text);
  terminal.show(first.described.data, first.described.text);
  if (others.length > 0) {
    terminal.warn(`there are others of that name: ${others.map(({ file }) => file.key).join(", ")}`);
  }
  const { stored } = first.described;
  if (options.save !== undefined) await save(operator, stored ?? first.file, options.save);
  return EXIT.ok;
}

/** The candidates that a pipeline knows. All are looked for at once; what fails is told where none is found. */
async function known(
  operator: Operator,
  candidates: readonly Meant[],
  lines: number,
): Promise<{ file: Meant; described: Described }[]> {
  const { pipelines } = operator.environment;
  const asked = candidates.flatMap((file) =>
    pipelines
      .filter((pipeline) => file.dataset === undefined || file.dataset.pipeline === pipeline)
      .map(async (pipeline) => {
        const { line } = file;
        const described = await DESCRIBED[pipeline](operator, file, { lines, ...(line && { line }) });
        return described && { file, described };
      }),
  );
  const answers = await Promise.allSettled(asked);
  const found = answers.flatMap((answer) => (answer.status === "fulfilled" && answer.value) || []);
  const failed = answers.find((answer) => answer.status === "rejected");
  if (found.length === 0 && failed !== undefined) throw failed.reason;
  return found;
}

function unknown(text: string): NothingMatched {
  const example = `input/customers/${text.slice(text.lastIndexOf("/") + 1)}`;
  return new NothingMatched(
    `neither a pipeline's tables nor the raw bucket know ${text}; give its whole key, such as ${example}`,
  );
}
