import type { ClientBase } from "pg";
import type { LedgerFile, Refusal, Requeued } from "../../runtime/ledger/operator-protocol";
import { lookUp } from "./files";
import { type Ledger, rowsOf } from "./ledger";
import { unknownFile } from "./reopen";
import { REPLAYED_NOW, REQUEUE_QUARANTINED } from "./statements";

/**
 * Puts quarantined files back into the queue, to be claimed into new batches. A file that its batch lost in a
 * replay waits for the end of that: until then its rows are still among those of the commit before, and would
 * be there twice.
 *
 * @throws UnreadableRequestError when there are no names or too many
 */
export function retryQuarantined(
  ledger: Ledger,
  names: readonly string[],
  isDry: boolean,
): Promise<Requeued> {
  if (isDry) return ledger.read(async (client) => (await choose(client, names)).requeued);
  return ledger.write(async (client) => {
    const { requeued, ids } = await choose(client, names);
    const { rows } = await client.query<{ id: string }>(REQUEUE_QUARANTINED, [ids]);
    const done = new Set(rows.map(({ id }) => Number(id)));
    const files = requeued.files.filter(({ id }) => done.has(id));
    const late = requeued.files.filter(({ id }) => !done.has(id)).map(refused);
    return { files, refused: [...requeued.refused, ...late] };
  });
}

async function choose(
  client: ClientBase,
  names: readonly string[],
): Promise<{ requeued: Requeued; ids: readonly number[] }> {
  const { files: found, unknown } = await lookUp(client, names);
  const quarantined = found.filter(({ status }) => status === "quarantined");
  const others = found.filter(({ status }) => status !== "quarantined").map(refused);
  const replayed = await replayedOf(client, quarantined);
  const files = quarantined.filter(({ batch }) => !replayed.has(batch));
  const early = quarantined.filter(({ batch }) => replayed.has(batch)).map(refusedOfReplay);
  const requeued = { files, refused: [...unknown.map(unknownFile), ...others, ...early] };
  return { requeued, ids: files.map(({ id }) => id).sort((one, other) => one - other) };
}

async function replayedOf(client: ClientBase, files: readonly LedgerFile[]): Promise<Set<number | null>> {
  const batches = files.flatMap(({ batch }) => batch ?? []);
  const rows = await rowsOf<{ id: number }>(client, REPLAYED_NOW, [batches]);
  return new Set(rows.map(({ id }) => id));
}

function refusedOfReplay({ key, version, batch }: LedgerFile): Refusal {
  const why = `batch ${batch} is in a replay, and its published rows are still those of before: repeat once it is published`;
  return { what: `${key} version ${version}`, why, isUnknown: false };
}

function refused({ key, version, status }: LedgerFile): Refusal {
  const why = status === "quarantined" ? "somebody else put it back" : `it is ${status}, not in quarantine`;
  return { what: `${key} version ${version}`, why, isUnknown: false };
}
