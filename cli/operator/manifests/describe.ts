import { manifestKey, parseManifestKey, type Receipt } from "../../../runtime/manifests/manifests";
import type { TrackedFile } from "../../../runtime/manifests/tracking";
import { EXIT } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import type { Describe } from "../pipelines/describe";
import { headOf } from "../pipelines/described-head";
import { save } from "../pipelines/saved";
import type { DescribedFile, DescribedManifest, DescribedVersion } from "./described";
import { describedText } from "./described-text";
import { readFile } from "./find";
import { generationOf, type Output, readDeadLetters, readOutput, readQuarantine } from "./outputs";
import { readHistory } from "./tracking";

/** Shows all that is known about a file of the manifests pipeline. */
export const describeFile: Describe = async (operator, named, options) => {
  const { key } = named;
  const found = await readFile(operator, key);
  if (found === undefined) return undefined;
  const versions = found.head ? [found.head, ...(await readHistory(operator, found.head))] : [];
  versions.sort(
    (one, other) => other.revision - one.revision || (one.uploadedAt < other.uploadedAt ? 1 : -1),
  );
  const described: DescribedVersion[] = [];
  for (const version of versions) described.push(await describeVersion(operator, version, options.lines));
  const file: DescribedFile = { ...headOf("manifests", named, found.object), versions: described };
  operator.terminal.show(file, describedText(file, operator.environment));
  const newest = found.head?.version ?? found.object?.version;
  if (options.save !== undefined) await save(operator, key, newest, options.save);
  return EXIT.ok;
};

async function describeVersion(
  operator: Operator,
  version: TrackedFile,
  lines: number,
): Promise<DescribedVersion> {
  const name = version.manifestPath === undefined ? undefined : parseManifestKey(version.manifestPath);
  const [output, deadLetters, quarantine] = await Promise.all([
    name && readOutput(operator, name, manifestKey(name)),
    name && readDeadLetters(operator, name, version, lines),
    version.status === "quarantined" ? readQuarantine(operator, version.date, version) : undefined,
  ]);
  return {
    ...version,
    ...(output === undefined ? {} : { manifest: describeManifest(version, output) }),
    ...(deadLetters === undefined || deadLetters.count === 0 ? {} : { deadLetters }),
    ...(quarantine === undefined ? {} : { quarantine }),
  };
}

function describeManifest(version: TrackedFile, output: Output): DescribedManifest {
  const { manifest, receipt, parquet } = output;
  return {
    key: version.manifestPath ?? "",
    state: stateOf(version, manifest?.entries),
    files: manifest?.entries.length ?? 0,
    ...(parquet === undefined
      ? {}
      : {
          parquet: {
            key: parquet.key,
            size: parquet.size,
            generation: generationOf(parquet),
            writtenAt: parquet.modifiedAt,
          },
        }),
    ...(receipt === undefined ? {} : { receipt: shortened(receipt) }),
  };
}

function stateOf(
  { key, version }: TrackedFile,
  entries: readonly { readonly key: string; readonly version_id: string }[] | undefined,
): DescribedManifest["state"] {
  if (entries === undefined) return "missing";
  if (entries.length === 0) return "fenced";
  const isListed = entries.some((entry) => entry.key === key && entry.version_id === version);
  return isListed ? "lists the file" : "without the file";
}

function shortened({ columns, quarantined, gone, latency_seconds, ...figures }: Receipt) {
  return { ...figures, columns: columns.length };
}
