import type { ClientBase } from "pg";
import type { LedgerFile, Refusal, Requeued } from "../shared/ledger/operator-protocol";
import { lookUp } from "./files";
import type { Ledger } from "./ledger";
import { unknownFile } from "./reopen";
import { REQUEUE_QUARANTINED } from "./statements";

/** Puts quarantined files back into the queue, to be claimed into new batches. */
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
  const files = found.filter(({ status }) => status === "quarantined");
  const others = found.filter(({ status }) => status !== "quarantined").map(refused);
  const requeued = { files, refused: [...unknown.map(unknownFile), ...others] };
  return { requeued, ids: files.map(({ id }) => id).sort((one, other) => one - other) };
}

function refused({ key, version, status }: LedgerFile): Refusal {
  const why = status === "quarantined" ? "somebody else put it back" : `it is ${status}, not in quarantine`;
  return { what: `${key} version ${version}`, why, isUnknown: false };
}
