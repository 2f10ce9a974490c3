import type { DescribedBatch, LedgerFile, LedgerFileStatus } from "../../../runtime/ledger/operator-protocol";
import { quarantineFolder } from "../../../runtime/manifests/quarantine-folder";
import { CommandError } from "../../../setup/errors";
import type { Operator } from "../command/operator";
import { archivedKey } from "../ledger/archived-key";
import { ask } from "../ledger/ask";
import { checkLifecycle, replayBatch } from "../ledger/replay";
import { hasReplayedOfBatch } from "../letters/books";
import { rawVersions } from "./raw-versions";
import type { PlanWithdrawal } from "./withdrawal";

/** Statuses of a file that has rows, or is about to have. */
const HAVE_ROWS: readonly LedgerFileStatus[] = ["processing", "committed", "succeeded", "partial"];

function isPublished({ status }: LedgerFile): boolean {
  return status === "succeeded" || status === "partial";
}

/** A version that is gone leaves its batch for quarantine, and its rows leave with the batch's next commit. */
export const withdrawRegistered: PlanWithdrawal = async (operator, { key, dataset }) => {
  const [{ files }, raw] = await Promise.all([
    ask(operator, "find", { names: [key] }),
    rawVersions(operator, key),
  ]);
  if (files.length === 0 && raw.length === 0) return undefined;
  const archived = await Promise.all(
    files.map(({ version }) => rawVersions(operator, archivedKey(key, version, dataset.prefix))),
  );
  const batches = await batchesOf(operator, files);
  return {
    versions: files.map(({ version }) => ({ key, version })),
    raw: [...raw, ...archived.flat()],
    objects: files.map(({ version }) => ({
      bucket: "quarantine",
      prefix: `${quarantineFolder(dataset.name, { key, version })}/`,
    })),
    steps: batches.map(({ id }) => `batch ${id} is replayed: the next run publishes it without the file`),
    after: async () => {
      await checkUntaken(operator, key, files);
      for (const batch of batches) await publishAgain(operator, batch);
    },
  };
};

/**
 * Checks that no run took a file that had no rows.
 *
 * @throws CommandError where one did, and may have read the file before it was gone
 */
async function checkUntaken(operator: Operator, key: string, before: readonly LedgerFile[]): Promise<void> {
  const { files } = await ask(operator, "find", { names: [key] });
  const taken = files.find(
    ({ id, status }) =>
      HAVE_ROWS.includes(status) && !before.some((file) => file.id === id && isPublished(file)),
  );
  if (taken === undefined) return;
  throw new CommandError(`batch ${taken.batch} took the file meanwhile: repeat when it is published`);
}

/**
 * Opens a batch as it was looked at.
 *
 * @throws CommandError where somebody else did meanwhile, and may have read the file before it was gone
 */
async function publishAgain(operator: Operator, { id: batch, committedAt }: DescribedBatch): Promise<void> {
  if (!(await replayBatch(operator, batch, committedAt ?? ""))) {
    throw new CommandError(
      `batch ${batch} was replayed by somebody else meanwhile: repeat when it is published`,
    );
  }
}

/**
 * Batches that have published rows of the files.
 *
 * @throws CommandError where one is in work, is not archived, or has replayed lines
 */
async function batchesOf(operator: Operator, files: readonly LedgerFile[]): Promise<DescribedBatch[]> {
  const published = files.filter(isPublished);
  const ids = [...new Set(published.flatMap(({ batch }) => (batch === null ? [] : [batch])))];
  const unsettled = files.find((file) => HAVE_ROWS.includes(file.status) && !isPublished(file));
  if (unsettled) throw new CommandError(`batch ${unsettled.batch} is in work: repeat when it is published`);
  const batches = await Promise.all(ids.map((batch) => ask(operator, "batch", { batch })));
  const known = batches.filter((batch) => batch !== null);
  for (const { id, archivedAt, committedAt, createdAt } of known) {
    if (archivedAt === null) {
      throw new CommandError(`batch ${id} is not archived yet: repeat after the next run of the batch job`);
    }
    if (await hasReplayedOfBatch(operator, id)) {
      throw new CommandError(
        `dead letters of batch ${id} were replayed, and could be there twice after its next commit`,
      );
    }
    checkLifecycle(operator, { from: committedAt ?? createdAt }, { claimedSince: createdAt });
  }
  return known;
}
