import { bucketName, type Environment } from "../../../environments/schema";
import type { BatchObject, DescribedBatch } from "../../../runtime/ledger/operator-protocol";
import { NothingMatched } from "../command/errors";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { bytes, indented, list, table } from "../command/tables";
import { ask } from "./ask";

/** Number of objects and quarantined files in the text; JSON has more. */
const SHOWN = 20;

/** Shows all that the ledger holds about a batch. */
export async function ledgerBatch(operator: Operator, id: number): Promise<ExitCode> {
  const batch = await ask(operator, "batch", { batch: id });
  if (batch === null) throw new NothingMatched(`there is no batch ${id}`);
  operator.terminal.show(batch, textOf(batch, operator.environment));
  return EXIT.ok;
}

function textOf(batch: DescribedBatch, environment: Environment): string {
  const parts = [
    list([...workOf(batch), ...timesOf(batch), ...countsOf(batch)]),
    ...objectsText("objects", batch.objectCount, batch.objects, environment),
    ...objectsText(
      "objects of earlier commits, to be replaced",
      batch.earlierObjectCount,
      batch.earlierObjects,
      environment,
    ),
    ...quarantinedText(batch),
  ];
  return parts.join("\n");
}

type Entries = readonly (readonly [string, string | number | undefined])[];

function workOf(batch: DescribedBatch): Entries {
  const version = batch.datasetVersion === null ? "the next run's" : batch.datasetVersion;
  return [
    ["batch", String(batch.id)],
    ["state", batch.state],
    ["held", batch.isHeld ? `by ${batch.owner}` : `by nobody; last by ${batch.owner}`],
    [batch.isHeld ? "lease ends" : "due", batch.availableAt ?? undefined],
    ["files", batch.files],
    ["of them with rejects", batch.partialFiles],
    ["input", bytes(batch.bytes)],
    ["dataset", batch.dataset],
    ["dataset version", version],
    ["token", batch.token],
    ["attempts", batch.attempts],
    ["leases run out", batch.lapsedLeases],
    ["replays", batch.replays],
    ["first error", batch.firstError ?? undefined],
    ["last error", batch.lastError ?? undefined],
  ];
}

function timesOf({ createdAt, updatedAt, committedAt, finishedAt, archivedAt }: DescribedBatch): Entries {
  return [
    ["claimed", createdAt],
    ["last change", updatedAt],
    ["committed", committedAt ?? undefined],
    ["published", finishedAt ?? undefined],
    ["archived", archivedAt ?? undefined],
  ];
}

function countsOf({ counts }: DescribedBatch): Entries {
  if (counts === null) return [];
  const { rows, dead_letters, output_bytes } = counts as Record<string, number | undefined>;
  return [
    ["rows", rows],
    ["dead letters", dead_letters],
    ["written", output_bytes === undefined ? undefined : bytes(output_bytes)],
  ];
}

function objectsText(
  title: string,
  count: number,
  objects: readonly BatchObject[],
  environment: Environment,
): string[] {
  if (objects.length === 0) return [];
  const shown = table(
    [
      { head: "rows", cell: ({ rows }) => rows },
      { head: "size", cell: (object) => bytes(object.bytes) },
      { head: "object", cell: ({ bucket, name }) => `s3://${bucketName(environment, bucket)}/${name}` },
    ],
    objects.slice(0, SHOWN),
  );
  return [`${title}: ${count}${more(count)}`, indented(shown)];
}

function quarantinedText({ quarantined }: DescribedBatch): string[] {
  if (quarantined.length === 0) return [];
  const shown = table(
    [
      { head: "id", cell: ({ id }) => String(id) },
      { head: "file", cell: ({ key }) => key },
      { head: "error", cell: ({ error }) => error.slice(0, 100) },
    ],
    quarantined.slice(0, SHOWN),
  );
  return [`lost to quarantine: ${quarantined.length}${more(quarantined.length)}`, indented(shown)];
}

function more(count: number): string {
  return count > SHOWN ? `, the first ${SHOWN} of them` : "";
}
