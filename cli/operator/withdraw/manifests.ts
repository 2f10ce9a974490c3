import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { queueName } from "../../../environments/schema";
import { UNDATED } from "../../../runtime/manifests/datasets";
import {
  deadLettersKey,
  type ManifestName,
  manifestKey,
  parseManifestKey,
} from "../../../runtime/manifests/manifests";
import { quarantineFolder } from "../../../runtime/manifests/quarantine-folder";
import type { TrackedFile } from "../../../runtime/manifests/tracking";
import { CommandError } from "../../../setup/errors";
import type { Operator } from "../command/operator";
import { hasReplayed } from "../letters/books";
import { countGone } from "../manifests/gone";
import { manifestsBucket, readGenerations, readOutput } from "../manifests/outputs";
import { queueUrl } from "../manifests/queues";
import { readHead, readHistory } from "../manifests/tracking";
import { rawVersions } from "./raw-versions";
import type { PlanWithdrawal } from "./withdrawal";

/** A version that is gone is in no output of the next generation of its manifest. */
export const withdrawListed: PlanWithdrawal = async (operator, { key }) => {
  const [tracked, raw] = await Promise.all([trackedOf(operator, key), rawVersions(operator, key)]);
  if (tracked.length === 0 && raw.length === 0) return undefined;
  if (tracked.length === 0) {
    throw new CommandError(
      `the tracking table does not know ${key} any more, or not yet: it does between its event and 30 days after its end`,
    );
  }
  const names = await withFile(operator, key, tracked);
  return {
    versions: tracked.map(({ version }) => ({ key, version })),
    raw,
    objects: tracked.map(({ date = UNDATED, version }) => ({
      bucket: "quarantine",
      prefix: `${quarantineFolder(date, { key, version })}/`,
    })),
    steps: names.map(
      (name) => `${manifestKey(name)} is sent to the streaming job, which publishes it without the file`,
    ),
    after: async () => send(operator, await withFile(operator, key, await trackedOf(operator, key))),
  };
};

/** All versions of a key that the tracking table knows. */
async function trackedOf(operator: Operator, key: string): Promise<TrackedFile[]> {
  const head = await readHead(operator, key);
  return head === undefined ? [] : [head, ...(await readHistory(operator, head))];
}

/** Manifests whose next output is to be made without these versions. */
async function withFile(
  operator: Operator,
  key: string,
  tracked: readonly TrackedFile[],
): Promise<ManifestName[]> {
  const paths = new Map(tracked.map(({ manifestPath = "", version }) => [manifestPath, version]));
  const names: ManifestName[] = [];
  for (const [path, version] of paths) {
    const name = parseManifestKey(path);
    if (name !== undefined && !(await isWithout(operator, name, key, version))) names.push(name);
  }
  return names;
}

/**
 * Returns whether the manifest's newest output was made without that version, since it was gone.
 *
 * @throws CommandError where the next output would lose rows of others, or could have those of replayed lines, too
 */
async function isWithout(
  operator: Operator,
  name: ManifestName,
  key: string,
  version: string,
): Promise<boolean> {
  const { receipt, manifest, parquet } = await readOutput(operator, name, manifestKey(name));
  if (receipt?.gone.some((each) => each.key === key && each.version_id === version)) return true;
  if (await hasReplayed(operator, deadLettersKey(name))) {
    throw new CommandError(
      `dead letters of ${manifestKey(name)} were replayed, and could be there twice after its next output`,
    );
  }
  if (manifest !== undefined && parquet !== undefined) {
    const entries = manifest.entries.filter((entry) => entry.key !== key);
    const gone = await countGone(operator, { ...manifest, entries });
    if (gone > 0) {
      throw new CommandError(
        `${gone} other files of ${manifestKey(name)} are gone from the raw bucket, and its next output would lose their rows`,
      );
    }
  }
  return false;
}

async function send(operator: Operator, names: readonly ManifestName[]): Promise<void> {
  const { aws, environment } = operator;
  const { name: bucket } = manifestsBucket(operator);
  const QueueUrl = await queueUrl(aws.sqs, queueName(environment, "manifests-ready"));
  for (const name of names) {
    const { begun } = await readGenerations(operator, name);
    const order = { manifest: { bucket, key: manifestKey(name) }, generation: begun + 1 };
    await aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(order) }));
  }
}
