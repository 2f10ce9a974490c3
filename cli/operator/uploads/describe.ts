import { bucketName, type Environment } from "../../../environments/schema";
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
import { copyIn, existing, type Place, placeEntries } from "../pipelines/places";
import { uploadQuarantineKeys } from "./object-keys";
import { readUpload, type UploadVersion } from "./versions";

interface DescribedUpload extends UploadVersion {
  readonly places: readonly Place[];
  readonly deadLetters?: DeadLetters;
}

/** Number of versions that are shown, the newest first. */
const SHOWN = 10;

/** Reads the versions of an upload, where their bytes are and what is published. */
export const describeUpload: Describe = async (operator, file, wanted) => {
  const { key } = file;
  const raw = bucketName(operator.environment, "raw");
  const [upload, object] = await Promise.all([
    readUpload(operator, `${raw}/${key}`),
    headObject(operator, raw, key),
  ]);
  if (upload === undefined && object === undefined) return undefined;
  const { versions: all, outputs: published } = upload ?? { versions: [], outputs: [] };
  const versions = meantVersions(operator, file, all);
  const shown = await Promise.all(
    versions.slice(0, SHOWN).map((version) => described(operator, file, version, wanted)),
  );
  const curated = bucketName(operator.environment, "curated");
  const outputs = published.map((output) => `s3://${curated}/${output}`);
  const head = headOf("uploads", file, object);
  const text = [
    list([
      ...headEntries(head, "deleted, or never there"),
      ...(outputs.length > 0 ? outputs : ["nothing"]).map(
        (output, index) => [index === 0 ? "published" : "", output] as const,
      ),
    ]),
    ...(versions.length === 0 ? [UNKNOWN] : []),
    ...shown.map((version) => versionText(version, operator.environment)),
    ...(versions.length > SHOWN ? [`and ${versions.length - SHOWN} versions before`] : []),
  ].join("\n\n");
  const version = file.version ?? object?.version;
  return { data: { ...head, outputs, versions: shown }, text, stored: { key, ...(version && { version }) } };
};

async function described(
  operator: Operator,
  { key, dataset }: Meant,
  upload: UploadVersion,
  wanted: WantedLetters,
): Promise<DescribedUpload> {
  const { version, status, counts = {} } = upload;
  const { deadLetters, wholeFile } = uploadQuarantineKeys(dataset?.name, key, version);
  const [places, letters] = await Promise.all([
    existing(operator, [
      { what: "raw bucket", bucket: "raw", key, version },
      ...(status === "quarantined" ? [copyIn(wholeFile)] : []),
    ]),
    (counts["rejected_count"] ?? 0) > 0
      ? readDeadLetters(operator, deadLetters, { key, version }, wanted)
      : undefined,
  ]);
  return { ...upload, places, ...(letters && letters.count > 0 && { deadLetters: letters }) };
}

const UNKNOWN = "not in the uploads table: no event of it came yet; uploads-reconciler finds it";

function versionText(version: DescribedUpload, environment: Environment): string {
  const { status, counts = {}, isPublished, error, places, deadLetters } = version;
  const counted = Object.entries(counts).filter(([, count]) => count > 0);
  const entries = list([
    ["status", isPublished ? `${status}, published` : status],
    ["size", bytes(version.size)],
    ["registered", `${version.registeredAt} by ${version.registeredBy}`],
    ["attempts", version.attempts],
    ["finished", version.finishedAt],
    ["job run", version.run],
    ...counted.map(([name, count]) => [name.replaceAll("_", " "), count] as const),
    ...(error === undefined ? [] : [["error", error] as const]),
    ...placeEntries(places),
    ...(deadLetters ? letterEntries(deadLetters, environment) : []),
  ]);
  const letters = deadLetters ? [indented(lettersText(deadLetters.first))] : [];
  return `version ${version.version}\n${indented([entries, ...letters].join("\n"))}`;
}
