import {
  DeleteBucketCommand,
  GetObjectCommand,
  NoSuchBucket,
  paginateListObjectsV2,
  type S3Client,
} from "@aws-sdk/client-s3";
import { CommandError } from "../setup/errors";
import { removeVersions } from "./remove-versions";

interface State {
  readonly resources?: readonly unknown[];
}

const STATE = ".tfstate";
/**
 * End of the key of a lock, which is there as long as a command works on a state: a first apply writes its state later.
 *
 * @see https://docs.cloudposse.com/layers/accounts/tutorials/terraform-s3-state (2026-11-30)
 */
const LOCK = ".tflock";

/**
 * Returns whether there is such a bucket, and no state in it has a resource or is worked on: without its state a resource
 * is nobody's to destroy. False where there is no such bucket.
 *
 * @throws CommandError naming a state that has resources, or a lock
 */
export async function isEmptyStateBucket(s3: S3Client, bucket: string): Promise<boolean> {
  try {
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket })) {
      for (const { Key = "" } of Contents) await checkEmpty(s3, bucket, Key);
    }
    return true;
  } catch (error) {
    if (error instanceof NoSuchBucket) return false;
    throw error;
  }
}

/** Removes the bucket of Terraform's states with all versions in it, once {@link isEmptyStateBucket} found nothing in use. */
export async function removeStateBucket(s3: S3Client, bucket: string): Promise<void> {
  await removeVersions(s3, bucket);
  await s3.send(new DeleteBucketCommand({ Bucket: bucket }));
}

async function checkEmpty(s3: S3Client, Bucket: string, Key: string): Promise<void> {
  if (Key.endsWith(LOCK)) {
    throw new CommandError(
      `the state bucket ${Bucket} stays: ${Key} says that a deploy or destroy is at work; wait for it, or where it died, npm run state -- unlock`,
    );
  }
  if (!Key.endsWith(STATE)) return;
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  const { resources = [] }: State = JSON.parse((await Body?.transformToString()) ?? "{}");
  if (resources.length === 0) return;
  throw new CommandError(
    `the state bucket ${Bucket} stays: ${Key} still has ${resources.length} resources; destroy its environment first`,
  );
}
