import type { Pipeline } from "../../../environments/schema";
import { NothingMatched } from "../command/errors";
import type { ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { describeLedgerFile } from "../ledger/describe";
import { describeFile } from "../manifests/describe";
import { describeUpload } from "../uploads/describe";
import { type Meant, meantBy } from "./find";

export interface DescribeOptions {
  readonly file: string;
  /** Maximum number of dead letters to show. */
  readonly lines: number;
  /** Folder to save the newest version in. */
  readonly save?: string;
}

/** Shows a file, or undefined where the pipeline's tables and the raw bucket do not know it. */
export type Describe = (
  operator: Operator,
  file: Meant,
  options: DescribeOptions,
) => Promise<ExitCode | undefined>;

const DESCRIBED: Readonly<Record<Pipeline, Describe>> = {
  uploads: describeUpload,
  manifests: describeFile,
  ledger: describeLedgerFile,
};

/**
 * Shows all that is known about a file, by the pipeline of the dataset that takes it; a key of no dataset is looked
 * for in all of them, for its dataset may be gone.
 *
 * @throws NothingMatched when none knows it
 */
export async function describe(operator: Operator, options: DescribeOptions): Promise<ExitCode> {
  const { pipelines } = operator.environment;
  for (const file of meantBy(operator, options.file)) {
    const own = file.dataset ? [file.dataset.pipeline] : pipelines;
    for (const pipeline of own.filter((each) => pipelines.includes(each))) {
      const code = await DESCRIBED[pipeline](operator, file, options);
      if (code !== undefined) return code;
    }
  }
  const example = `input/customers/${options.file.slice(options.file.lastIndexOf("/") + 1)}`;
  throw new NothingMatched(
    `neither a pipeline's tables nor the raw bucket know ${options.file}; give its whole key, such as ${example}`,
  );
}
