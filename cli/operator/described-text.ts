import { bucketName, type Environment } from "../../environments";
import type { DescribedFile, DescribedManifest, DescribedVersion } from "./describe";
import type { DeadLetters } from "./outputs";
import { bytes, indented, list, printable, table } from "./tables";

/** A described file for a reader. */
export function describedText(file: DescribedFile, environment: Environment): string {
  const { object, versions } = file;
  const now = object
    ? `version ${object.version}, ${bytes(object.size)}, ${object.modifiedAt}`
    : "deleted, or never there";
  const head = list([
    ["file", file.key],
    ["in the raw bucket", now],
  ]);
  if (versions.length === 0) {
    return `${head}\nnot in the tracking table: no event of it came, or it waits in queue inputs; tributary reprocess announces it`;
  }
  return [head, ...versions.map((version) => versionText(version, environment))].join("\n\n");
}

function versionText(version: DescribedVersion, environment: Environment): string {
  const facts = list([
    ["status", version.status],
    ["dataset", version.dataset],
    ["revision", version.revision > 0 ? version.revision : "not published"],
    ["size", bytes(version.size)],
    ["uploaded", version.uploadedAt],
    ["taken", version.createdAt],
    ["last change", version.updatedAt],
    ...(version.jobRunId === undefined ? [] : [["job run", version.jobRunId] as const]),
    ...(version.errorMessage === undefined ? [] : [["error", version.errorMessage] as const]),
  ]);
  const parts = [
    facts,
    ...(version.manifest === undefined ? [] : [manifestText(version.manifest, environment)]),
    ...(version.deadLetters === undefined ? [] : [deadLettersText(version.deadLetters, environment)]),
    ...(version.quarantine === undefined
      ? []
      : [
          list([
            ["quarantined", version.quarantine.at],
            ["reason", `${version.quarantine.reason}: ${version.quarantine.message}`],
            ["copy", version.quarantine.folder],
          ]),
        ]),
  ];
  return `version ${printable(version.version)}\n${indented(parts.join("\n"))}`;
}

function manifestText(manifest: DescribedManifest, environment: Environment): string {
  const { parquet, receipt } = manifest;
  const curated = bucketName(environment, "curated");
  return list([
    ["manifest", `s3://${bucketName(environment, "manifests")}/${manifest.key}`],
    ["", `${manifest.state}; ${manifest.files} files`],
    ["Parquet", parquet ? `s3://${curated}/${parquet.key}` : "not written yet"],
    ...(parquet
      ? [["", `${bytes(parquet.size)}, generation ${parquet.generation}, ${parquet.writtenAt}`] as const]
      : []),
    ...(receipt
      ? [
          [
            "receipt",
            `${receipt.rows} rows and ${receipt.dead_letters} dead letters of ${receipt.files} files in ${receipt.seconds} s, ` +
              `${receipt.columns} columns, run ${receipt.job_run_id}`,
          ] as const,
        ]
      : []),
  ]);
}

function deadLettersText({ key, count, first }: DeadLetters, environment: Environment): string {
  const lines = table(
    [
      { head: "line", cell: ({ line }) => line },
      { head: "reason", cell: ({ reason }) => reason },
      { head: "message", cell: ({ message }) => message },
    ],
    first,
  );
  const where = `s3://${bucketName(environment, "quarantine")}/${key}`;
  return `${list([["dead letters", `${count} of this file in ${where}`]])}\n${indented(lines)}`;
}
