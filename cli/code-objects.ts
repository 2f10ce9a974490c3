/** Code of jobs in the artifacts bucket: stored under keys of its content, and marked when no job names it. */
import { readFileSync } from "node:fs";
import {
  CopyObjectCommand,
  GetObjectTaggingCommand,
  NoSuchKey,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from "@aws-sdk/client-s3";
import { UNNAMED_TAG } from "../environments/schema";
import { inParallel } from "../runtime/in-parallel";

/** Code that a stack's jobs name. */
export interface Code {
  readonly bucket: string;
  /** Owner of the bucket: no other account's is written to. */
  readonly account: string;
  readonly region: string;
  readonly pathStyle: boolean;
  /** Folders of the bucket whose objects jobs alone name. */
  readonly folders: readonly string[];
  readonly files: readonly { readonly key: string; readonly path: string }[];
}

const AT_ONCE = 8;

/**
 * Uploads the files that are not there, and again those that are marked: a new object without the mark, whose age
 * begins anew.
 *
 * @returns what was done
 */
export async function storeCode(s3: S3Client, code: Code): Promise<string> {
  const owned = ownedBy(code);
  const stored = await countChanged(code.files, async ({ key, path }) => {
    if ((await stateOf(s3, code, key)) === "named") return false;
    await s3.send(new PutObjectCommand({ ...owned, Key: key, Body: readFileSync(path) }));
    return true;
  });
  return `code: ${stored} of ${code.files.length} files uploaded`;
}

/**
 * Marks what no job names any more: a copy onto itself with the tag that its lifecycle begins by, so that the age
 * counts from now and not from the upload. Runs that hold the code find the same bytes under the same key.
 *
 * @returns what was done
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations (2026-11-30)
 * @see https://github.com/apache/ozone/pull/10752 (2026-11-30)
 */
export async function markUnnamed(s3: S3Client, code: Code): Promise<string> {
  const named = new Set(code.files.map(({ key }) => key));
  const others = (await keysOf(s3, code)).filter((key) => !named.has(key));
  const marked = await countChanged(others, async (key) => {
    if ((await stateOf(s3, code, key)) !== "named") return false;
    await s3.send(
      new CopyObjectCommand({
        ...ownedBy(code),
        Key: key,
        CopySource: `${code.bucket}/${key.split("/").map(encodeURIComponent).join("/")}`,
        ExpectedSourceBucketOwner: code.account,
        TaggingDirective: "REPLACE",
        Tagging: `${UNNAMED_TAG.key}=${UNNAMED_TAG.value}`,
        // S3 copies an object onto itself only with other metadata, storage class or encryption: other tags do not do
        MetadataDirective: "REPLACE",
        Metadata: { [UNNAMED_TAG.value]: "yes" },
      }),
    );
    return true;
  });
  return `code: ${marked} objects are named by no job any more, and expire`;
}

/** Whether the object is there, and not marked. */
async function stateOf(s3: S3Client, code: Code, key: string): Promise<"absent" | "marked" | "named"> {
  try {
    const { TagSet = [] } = await s3.send(new GetObjectTaggingCommand({ ...ownedBy(code), Key: key }));
    return TagSet.some(({ Key }) => Key === UNNAMED_TAG.key) ? "marked" : "named";
  } catch (error) {
    if (error instanceof NoSuchKey || (error as Error).name === "NoSuchKey") return "absent";
    throw error;
  }
}

async function keysOf(s3: S3Client, code: Code): Promise<string[]> {
  const keys: string[] = [];
  for (const folder of code.folders) {
    const pages = paginateListObjectsV2({ client: s3 }, { ...ownedBy(code), Prefix: `${folder}/` });
    for await (const { Contents = [] } of pages) keys.push(...Contents.flatMap(({ Key = [] }) => Key));
  }
  return keys;
}

function ownedBy({ bucket, account }: Code) {
  return { Bucket: bucket, ExpectedBucketOwner: account };
}

/**
 * Counts the items that `change` changed.
 * @throws the error of the first that failed, when all were tried
 */
async function countChanged<Item>(
  items: readonly Item[],
  change: (item: Item) => Promise<boolean>,
): Promise<number> {
  let count = 0;
  const [error] = await inParallel(items, AT_ONCE, async (item) => {
    if (await change(item)) count += 1;
  });
  if (error !== undefined) throw error;
  return count;
}
