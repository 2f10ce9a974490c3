import type { DescribedBatch, LedgerFile } from "../../../runtime/ledger/operator-protocol";
import { quarantineFolder } from "../../../runtime/manifests/quarantine-folder";
import { CommandError } from "../../../setup/errors";
import type { Operator } from "../command/operator";
import { archivedKey } from "../ledger/archived-key";
import { ask } from "../ledger/ask";
import { checkLifecycle } from "../ledger/replay";
import { hasReplayedOfBatch } from "../letters/books";
import { rawVersions } from "./raw-versions";
import type { PlanWithdrawal } from "./withdrawal";

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
      for (const { committedAt } of batches) {
        const from = new Date(committedAt ?? "");
        const to = new Date(from.getTime() + 1);
        await ask(operator, "replay", { from: from.toISOString(), to: to.toISOString(), limit: 100 });
      }
    },
  };
};

/**
 * Batches that have published rows of the files.
 *
 * @throws CommandError where one is in work, is not archived, or has replayed lines
 */
async function batchesOf(operator: Operator, files: readonly LedgerFile[]): Promise<DescribedBatch[]> {
  const published = files.filter(({ status }) => ["succeeded", "partial"].includes(status));
  const ids = [...new Set(published.flatMap(({ batch }) => (batch === null ? [] : [batch])))];
  const unsettled = files.find(({ status }) => ["processing", "committed"].includes(status));
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
