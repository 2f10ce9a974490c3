import { DeleteItemCommand } from "@aws-sdk/client-dynamodb";
import { type BucketName, bucketName } from "../../../environments/schema";
import type { Item } from "../../../runtime/aws/dynamo";
import { removeVersions } from "../../remove-versions";
import type { Operator } from "../command/operator";

/** What was removed, and what is left and why. */
export interface Removed {
  readonly objects: number;
  readonly left: readonly string[];
}

/** Objects of one bucket whose keys begin with a prefix. */
export interface Below {
  readonly bucket: BucketName;
  readonly prefix: string;
}

/**
 * Removes all versions of objects; returns how many.
 *
 * @throws Error when S3 keeps one
 */
export async function removeObjects(
  { aws, environment }: Operator,
  places: readonly Below[],
): Promise<number> {
  let count = 0;
  for (const { bucket, prefix } of places) {
    count += await removeVersions(aws.s3, bucketName(environment, bucket), prefix);
  }
  return count;
}

export async function removeItem({ aws }: Operator, TableName: string, Key: Item): Promise<void> {
  await aws.dynamo.send(new DeleteItemCommand({ TableName, Key }));
}
