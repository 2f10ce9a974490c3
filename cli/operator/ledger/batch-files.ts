import { bucketName } from "../../../environments/schema";
import { type FilesPlace, type LedgerFile, MAX_ON_A_PAGE } from "../../../runtime/ledger/operator-protocol";
import { NothingMatched } from "../command/errors";
import type { Operator } from "../command/operator";
import { type DescribedWork, SHOWN_OF_WORK } from "../pipelines/described";
import { ask } from "./ask";

/**
 * Reads a batch with its files and what was made of it: all files for JSON, else those that are shown.
 *
 * @throws NothingMatched where there is no such batch
 */
export async function describeBatch(operator: Operator, id: number): Promise<DescribedWork> {
  const { environment, terminal } = operator;
  const [batch, held] = await Promise.all([ask(operator, "batch", { batch: id }), filesOf(operator, id)]);
  if (batch === null) throw new NothingMatched(`there is no batch ${id}`);
  const lost = batch.quarantined.map(({ id: _, ...file }) => ({ ...file, status: "quarantined" }));
  const objects = batch.finishedAt === null ? [] : batch.objects;
  return {
    pipeline: "ledger",
    work: `batch ${id}`,
    dataset: batch.dataset,
    state: batch.state,
    outputs: objects.map(({ bucket, name }) => `s3://${bucketName(environment, bucket)}/${name}`),
    fileCount: batch.files + lost.length,
    files: [...lost, ...(terminal.json ? held : held.slice(0, SHOWN_OF_WORK)).map(partOf)],
  };
}

function partOf({ key, version, size, status, error }: LedgerFile) {
  return { key, version, size, status, ...(error !== null && { error }) };
}

async function filesOf(operator: Operator, batch: number): Promise<LedgerFile[]> {
  const { terminal, signal } = operator;
  const files: LedgerFile[] = [];
  let after: FilesPlace | undefined;
  do {
    const limit = terminal.json ? MAX_ON_A_PAGE : SHOWN_OF_WORK;
    const page = await ask(operator, "files", { batch, limit, ...(after && { after }) });
    files.push(...page.files);
    after = page.next;
    if (after !== undefined) terminal.progress(`${files.length} files`);
  } while (after !== undefined && terminal.json && !signal.aborted);
  return files;
}
