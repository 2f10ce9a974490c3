import { bucketName, type Environment } from "../../../environments/schema";
import { visible } from "../../../setup/terminal";
import { bytes, indented, list } from "../command/tables";
import { headEntries } from "../pipelines/described-head";
import { letterEntries, lettersText } from "../pipelines/letters";
import { placeEntries } from "../pipelines/places";
import type { DescribedFile, DescribedManifest, DescribedVersion } from "./described";
import type { Quarantine } from "./outputs";

type Entries = readonly (readonly [string, string | number | undefined])[];

/** Formats a described file for a reader. */
export function describedText(file: DescribedFile, environment: Environment): string {
  const { versions } = file;
  const head = list(headEntries(file, "deleted, or never there"));
  const unknown =
    "not in the tracking table: no event of it came, or it waits in queue manifests-inputs; tributary reprocess announces it";
  if (versions.length === 0) return `${head}\n${unknown}`;
  return [head, ...versions.map((version) => versionText(version, environment))].join("\n\n");
}

function versionText(described: DescribedVersion, environment: Environment): string {
  const { version, manifest, deadLetters, quarantine } = described;
  const entries = [
    ...bookEntries(described),
    ...(manifest === undefined ? [] : manifestEntries(manifest, environment)),
    ...(quarantine === undefined ? [] : quarantineEntries(quarantine)),
    ...placeEntries(described.places),
    ...(deadLetters === undefined ? [] : letterEntries(deadLetters, environment)),
  ];
  const parts = [
    list(entries),
    ...(deadLetters === undefined ? [] : [indented(lettersText(deadLetters.first))]),
  ];
  return `version ${visible(version)}\n${indented(parts.join("\n"))}`;
}

function bookEntries(version: DescribedVersion): Entries {
  const { dataset, revision, jobRunId, errorMessage } = version;
  return [
    ["status", version.status],
    ["dataset", dataset],
    ["revision", revision > 0 ? revision : "not published"],
    ["size", bytes(version.size)],
    ["uploaded", version.uploadedAt],
    ["taken", version.createdAt],
    ["last change", version.updatedAt],
    ...(jobRunId === undefined ? [] : [["job run", jobRunId] as const]),
    ...(errorMessage === undefined ? [] : [["error", errorMessage] as const]),
  ];
}

function manifestEntries(
  { key, state, files, parquet, receipt }: DescribedManifest,
  of: Environment,
): Entries {
  return [
    ["manifest", `s3://${bucketName(of, "manifests")}/${key}`],
    ["", `${state}, ${files} files in all`],
    ["Parquet", parquet ? `s3://${bucketName(of, "curated")}/${parquet.key}` : "not written yet"],
    ...(parquet
      ? [["", `${bytes(parquet.size)}, generation ${parquet.generation}, ${parquet.writtenAt}`] as const]
      : []),
    ...(receipt
      ? [
          [
            "receipt",
            `${receipt.rows} rows and ${receipt.dead_letters} dead letters of ${receipt.files} files, ` +
              `${receipt.columns} columns, in ${receipt.seconds} s`,
          ] as const,
          ["", `run ${receipt.job_run_id}`] as const,
        ]
      : []),
  ];
}

function quarantineEntries({ at, reason, message, folder }: Quarantine): Entries {
  return [
    ["quarantined", at],
    ["reason", `${reason}: ${message}`],
    ["copy", folder],
  ];
}
