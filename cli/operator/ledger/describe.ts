import { bucketName } from "../../../environments/schema";
import type { DescribedBatch, LedgerFile } from "../../../runtime/ledger/operator-protocol";
import { quarantineFolder } from "../../../runtime/manifests/quarantine-folder";
import type { Operator } from "../command/operator";
import { bytes, indented, list } from "../command/tables";
import { headObject } from "../manifests/objects";
import { type Describe, meantVersions } from "../pipelines/described";
import { headEntries, headOf } from "../pipelines/described-head";
import {
  type DeadLetters,
  letterEntries,
  lettersText,
  readDeadLetters,
  type WantedLetters,
} from "../pipelines/letters";
import type { Meant } from "../pipelines/meant";
import { copyIn, existing, type Place, type Possible, placeEntries } from "../pipelines/places";
import { archivedKey } from "./archived-key";
import { ask } from "./ask";

interface DescribedLedgerFile extends LedgerFile {
  readonly places: readonly Place[];
  /** Those of its batch's objects that have some of it. */
  readonly deadLetters: readonly DeadLetters[];
}

/** Number of versions that are shown, the newest first. */
const SHOWN = 10;

/** Reads the versions of a file that the ledger knows, the newest first, each with its batch and where its bytes are. */
export const describeLedgerFile: Describe = async (operator, file, wanted) => {
  const { key } = file;
  const [{ files }, object] = await Promise.all([
    ask(operator, "find", { names: [key] }),
    headObject(operator, bucketName(operator.environment, "raw"), key),
  ]);
  if (files.length === 0 && object === undefined) return undefined;
  const newestFirst = files.toSorted((one, other) => other.id - one.id);
  const versions = meantVersions(operator, file, newestFirst);
  const shown = await Promise.all(
    versions.slice(0, SHOWN).map((version) => described(operator, file, version, wanted)),
  );
  const head = headOf("ledger", file, object);
  const text = [
    list(headEntries(head, "processed and moved, deleted, or never there")),
    ...(versions.length === 0 ? ["not in the ledger: the lister or the next event registers it"] : []),
    ...shown.map((version) => versionText(version, operator.environment)),
    ...(versions.length > SHOWN ? [`and ${versions.length - SHOWN} versions before`] : []),
  ].join("\n\n");
  return { data: { ...head, versions: shown }, text, stored: storedOf(file, shown, object?.version) };
};

async function described(
  operator: Operator,
  { dataset }: Meant,
  file: LedgerFile,
  wanted: WantedLetters,
): Promise<DescribedLedgerFile> {
  const { key, version, status, batch } = file;
  const archived = dataset && archivedKey(key, version, dataset.prefix);
  const possible: Possible[] = [
    { what: "raw bucket", bucket: "raw", key, version },
    ...(archived === undefined ? [] : [{ what: "archive", bucket: "raw", key: archived } as const]),
    ...(status === "quarantined" ? [copyIn(`${quarantineFolder(file.dataset, file)}/`)] : []),
  ];
  const [places, deadLetters] = await Promise.all([
    existing(operator, possible),
    status === "partial" && batch !== null ? lettersOf(operator, file, batch, wanted) : [],
  ]);
  return { ...file, places, deadLetters };
}

/** Dead letters of a file in the objects of its batch, which have those of all its files. */
async function lettersOf(
  operator: Operator,
  file: LedgerFile,
  id: number,
  wanted: WantedLetters,
): Promise<DeadLetters[]> {
  const batch: DescribedBatch | null = await ask(operator, "batch", { batch: id });
  const objects = (batch?.objects ?? []).filter(({ bucket }) => bucket === "quarantine");
  const read = await Promise.all(objects.map(({ name }) => readDeadLetters(operator, name, file, wanted)));
  return read.filter(({ count }) => count > 0);
}

/** Object with the bytes of the newest version that is shown; undefined: wherever the raw bucket has the key. */
function storedOf({ key }: Meant, [newest]: readonly DescribedLedgerFile[], current: string | undefined) {
  const archive = newest?.places.find(({ what }) => what === "archive");
  const isInRaw = newest?.places.some(({ what }) => what === "raw bucket");
  if (archive !== undefined && !isInRaw) return { key: archive.address.replace(/^s3:\/\/[^/]+\//, "") };
  const version = newest?.version ?? current;
  return { key, ...(version && { version }) };
}

function versionText(file: DescribedLedgerFile, environment: Operator["environment"]): string {
  const { version, status, size, batch, attempts, registeredAt, error, places, deadLetters } = file;
  const entries = list([
    ["status", status],
    ["size", bytes(size)],
    ["registered", registeredAt],
    [
      "batch",
      batch === null ? undefined : `${batch}, attempts ${attempts}: tributary describe batch ${batch}`,
    ],
    ...(error === null ? [] : [["error", error] as const]),
    ...placeEntries(places),
    ...deadLetters.flatMap((letters) => letterEntries(letters, environment)),
  ]);
  const letters = deadLetters.flatMap(({ first }) => first);
  const rows = letters.length > 0 ? [indented(lettersText(letters))] : [];
  return `version ${version}\n${indented([entries, ...rows].join("\n"))}`;
}
