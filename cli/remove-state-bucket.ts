import {
  DeleteBucketCommand,
  GetObjectCommand,
  NoSuchBucket,
  paginateListObjectsV2,
  type S3Client,
} from "@aws-sdk/client-s3";
import { CommandError } from "../setup/command";
import { removeVersions } from "./remove-versions";

interface State {
  readonly resources?: readonly unknown[];
}

/**
 * Removes the bucket of Terraform's states, once no state in it has a resource: without its state a resource is nobody's
 * to destroy. False where there is no such bucket.
 *
 * @throws CommandError naming a state that has resources
 */
export async function removeStateBucket(s3: S3Client, bucket: string): Promise<boolean> {
  try {
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket })) {
      for (const { Key = "" } of Contents) await checkEmpty(s3, bucket, Key);
    }
    await removeVersions(s3, bucket);
    await s3.send(new DeleteBucketCommand({ Bucket: bucket }));
    return true;
  } catch (error) {
    if (error instanceof NoSuchBucket) return false;
    throw error;
  }
}

async function checkEmpty(s3: S3Client, Bucket: string, Key: string): Promise<void> {
  if (!Key.endsWith(".tfstate")) return;
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  const { resources = [] }: State = JSON.parse((await Body?.transformToString()) ?? "{}");
  if (resources.length === 0) return;
  throw new CommandError(
    `the state bucket ${Bucket} stays: ${Key} still has ${resources.length} resources; destroy its environment first`,
  );
}
