import { bucketName, type Environment } from "../../../environments/schema";
import { visible } from "../../../setup/terminal";
import { bytes, indented, list, table } from "../command/tables";
import { headEntries } from "../pipelines/described-head";
import type { DescribedFile, DescribedManifest, DescribedVersion } from "./described";
import type { DeadLetters, Quarantine } from "./outputs";

type Entries = readonly (readonly [string, string | number | undefined])[];

/** Number of characters of a rejected line that are shown. */
const SHOWN_CHARACTERS = 60;

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
    ...(deadLetters === undefined ? [] : deadLetterEntries(deadLetters, environment)),
  ];
  const parts = [list(entries), ...(deadLetters === undefined ? [] : [indented(linesText(deadLetters))])];
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

function deadLetterEntries({ key, count }: DeadLetters, environment: Environment): Entries {
  return [
    ["dead letters", `${count} of this file in`],
    ["", `s3://${bucketName(environment, "quarantine")}/${key}`],
  ];
}

function linesText({ first }: DeadLetters): string {
  return table(
    [
      { head: "line", cell: ({ line }) => line },
      { head: "reason", cell: ({ reason }) => reason },
      { head: "message", cell: ({ message }) => message },
      { head: "begins with", cell: ({ raw_text }) => raw_text?.slice(0, SHOWN_CHARACTERS) },
    ],
    first,
  );
}
