import { bucketName } from "../../../environments/schema";
import { deadLettersKey, type ManifestName, manifestKey } from "../../../runtime/manifests/manifests";
import { NothingMatched } from "../command/errors";
import type { Operator } from "../command/operator";
import type { DescribedWork, PartOfWork } from "../pipelines/described";
import { generationOf, readOutput } from "./outputs";

/**
 * Reads a manifest with its files and what was made of it.
 *
 * @throws NothingMatched where there is no such manifest
 */
export async function describeManifest(operator: Operator, name: ManifestName): Promise<DescribedWork> {
  const { environment } = operator;
  const key = manifestKey(name);
  const { manifest, receipt, parquet } = await readOutput(operator, name, key);
  const address = `s3://${bucketName(environment, "manifests")}/${key}`;
  if (manifest === undefined) throw new NothingMatched(`there is no manifest ${address}`);
  const fate = new Map<string, Pick<PartOfWork, "status" | "error">>();
  for (const each of receipt?.quarantined ?? []) {
    fate.set(`${each.key} ${each.version_id}`, {
      status: "quarantined",
      error: `${each.reason}: ${each.message}`,
    });
  }
  for (const each of receipt?.gone ?? []) fate.set(`${each.key} ${each.version_id}`, { status: "gone" });
  const usual = { status: receipt === undefined ? "waiting" : "completed" };
  const letters = `s3://${bucketName(environment, "quarantine")}/${deadLettersKey(name)}`;
  return {
    pipeline: "manifests",
    work: address,
    dataset: name.dataset,
    state: parquet ? `published, generation ${generationOf(parquet)}` : "waits for its Parquet",
    outputs: [
      ...(parquet ? [`s3://${bucketName(environment, "curated")}/${parquet.key}`] : []),
      ...((receipt?.dead_letters ?? 0) > 0 ? [letters] : []),
    ],
    fileCount: manifest.entries.length,
    files: manifest.entries.map(({ key: file, version_id: version, size }) => ({
      key: file,
      version,
      size,
      ...(fate.get(`${file} ${version}`) ?? usual),
    })),
  };
}
