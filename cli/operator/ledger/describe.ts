import { bucketName } from "../../../environments/schema";
import type { LedgerFile } from "../../../runtime/ledger/operator-protocol";
import { EXIT } from "../command/exit-codes";
import { bytes, indented, list } from "../command/tables";
import { headObject } from "../manifests/objects";
import type { Describe } from "../pipelines/describe";
import { headEntries, headOf } from "../pipelines/described-head";
import { save } from "../pipelines/saved";
import { ask } from "./ask";

/** Shows the versions of a file that the ledger knows, the newest first, each with its batch. */
export const describeLedgerFile: Describe = async (operator, file, options) => {
  const { key } = file;
  const [{ files }, object] = await Promise.all([
    ask(operator, "find", { names: [key] }),
    headObject(operator, bucketName(operator.environment, "raw"), key),
  ]);
  if (files.length === 0 && object === undefined) return undefined;
  const versions = files.toSorted((one, other) => other.id - one.id);
  const head = headOf("ledger", file, object);
  const text = [
    list(headEntries(head, "processed and moved, deleted, or never there")),
    ...(versions.length === 0 ? ["not in the ledger: the lister or the next event registers it"] : []),
    ...versions.map(versionText),
  ].join("\n\n");
  operator.terminal.show({ ...head, versions }, text);
  if (options.save !== undefined) await save(operator, key, object?.version, options.save);
  return EXIT.ok;
};

function versionText({ version, status, size, batch, attempts, registeredAt, error }: LedgerFile): string {
  const entries = list([
    ["status", status],
    ["size", bytes(size)],
    ["registered", registeredAt],
    ["batch", batch === null ? undefined : `${batch}, attempts ${attempts}: tributary ledger batch ${batch}`],
    ...(error === null ? [] : [["error", error] as const]),
  ]);
  return `version ${version}\n${indented(entries)}`;
}
