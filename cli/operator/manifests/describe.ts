import {
  deadLettersKey,
  manifestKey,
  parseManifestKey,
  type Receipt,
} from "../../../runtime/manifests/manifests";
import type { TrackedFile } from "../../../runtime/manifests/tracking";
import type { Operator } from "../command/operator";
import { type Describe, meantVersions } from "../pipelines/described";
import { headOf } from "../pipelines/described-head";
import { readDeadLetters, type WantedLetters } from "../pipelines/letters";
import { existing } from "../pipelines/places";
import type { DescribedFile, DescribedManifest, DescribedVersion } from "./described";
import { describedText } from "./described-text";
import { readFile } from "./find";
import { generationOf, type Output, readOutput, readQuarantine } from "./outputs";
import { readHistory } from "./tracking";

/** Reads all that is known about a file of the manifests pipeline. */
export const describeFile: Describe = async (operator, named, wanted) => {
  const found = await readFile(operator, named.key);
  if (found === undefined) return undefined;
  const all = found.head ? [found.head, ...(await readHistory(operator, found.head))] : [];
  const versions = meantVersions(operator, named, all).toSorted(
    (one, other) => other.revision - one.revision || (one.uploadedAt < other.uploadedAt ? 1 : -1),
  );
  const described = await Promise.all(versions.map((version) => describeVersion(operator, version, wanted)));
  const data: DescribedFile = { ...headOf("manifests", named, found.object), versions: described };
  const version = named.version ?? found.head?.version ?? found.object?.version;
  const stored = { key: named.key, ...(version && { version }) };
  return { data, text: describedText(data, operator.environment), stored };
};

async function describeVersion(
  operator: Operator,
  version: TrackedFile,
  wanted: WantedLetters,
): Promise<DescribedVersion> {
  const name = version.manifestPath === undefined ? undefined : parseManifestKey(version.manifestPath);
  const { key } = version;
  const [output, deadLetters, quarantine, places] = await Promise.all([
    name && readOutput(operator, name, manifestKey(name)),
    name && readDeadLetters(operator, deadLettersKey(name), version, wanted),
    version.status === "quarantined" ? readQuarantine(operator, version.date, version) : undefined,
    existing(operator, [{ what: "raw bucket", bucket: "raw", key, version: version.version }]),
  ]);
  return {
    ...version,
    ...(output === undefined ? {} : { manifest: describeManifest(version, output) }),
    ...(deadLetters === undefined || deadLetters.count === 0 ? {} : { deadLetters }),
    ...(quarantine === undefined ? {} : { quarantine }),
    places,
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
