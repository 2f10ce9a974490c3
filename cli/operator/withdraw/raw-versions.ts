import { CopyObjectCommand, DeleteObjectCommand, ListObjectVersionsCommand } from "@aws-sdk/client-s3";
import { bucketName } from "../../../environments/schema";
import { baseName } from "../../../runtime/manifests/datasets";
import { quarantineFolder } from "../../../runtime/manifests/quarantine-folder";
import { caller } from "../command/caller";
import type { Operator } from "../command/operator";
import { putOnce } from "../letters/books";

/** Version of an object of the raw bucket. */
export interface RawVersion {
  readonly key: string;
  readonly version: string;
}

/** Folder of withdrawn files in the quarantine bucket: that they are, by which the jobs know it, and copies where they are wanted. */
const WITHDRAWN = "withdrawn";

/** All versions of exactly that key, the newest first. */
export async function rawVersions({ aws, environment }: Operator, key: string): Promise<RawVersion[]> {
  const Bucket = bucketName(environment, "raw");
  const versions: RawVersion[] = [];
  for (let from = {}; ; ) {
    const page = await aws.s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: key, ...from }));
    const own = (page.Versions ?? []).filter(({ Key }) => Key === key);
    versions.push(...own.map(({ VersionId = "null" }) => ({ key, version: VersionId })));
    // keys come in order: behind another one, none of this one follows
    if (!page.IsTruncated || page.NextKeyMarker !== key) return versions;
    from = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
  }
}

/** Notes that versions are withdrawn, by whom and when; what was noted before stays. */
export async function noteWithdrawn(operator: Operator, versions: readonly RawVersion[]): Promise<void> {
  const bucket = bucketName(operator.environment, "raw");
  const message = `withdrawn by ${await caller(operator)}`;
  const said = { reason: WITHDRAWN, message, at: operator.now.toISOString() };
  for (const { key, version } of versions) {
    const folder = quarantineFolder(WITHDRAWN, { key, version });
    const note = { bucket, key, version_id: version, ...said };
    await putOnce(operator, "quarantine", `${folder}/reason.json`, `${JSON.stringify(note)}\n`);
  }
}

/** Deletes versions for good, each after its copy into quarantine where one is wanted. */
export async function takeAway(
  { aws, environment }: Operator,
  versions: readonly RawVersion[],
  keepsCopy: boolean,
): Promise<void> {
  const Bucket = bucketName(environment, "raw");
  for (const { key: Key, version: VersionId } of versions) {
    if (keepsCopy) {
      const folder = quarantineFolder(WITHDRAWN, { key: Key, version: VersionId });
      await aws.s3.send(
        new CopyObjectCommand({
          Bucket: bucketName(environment, "quarantine"),
          Key: `${folder}/${baseName(Key)}`,
          CopySource: `${Bucket}/${encodeURIComponent(Key)}?versionId=${encodeURIComponent(VersionId)}`,
          TaggingDirective: "REPLACE",
        }),
      );
    }
    await aws.s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
  }
}
