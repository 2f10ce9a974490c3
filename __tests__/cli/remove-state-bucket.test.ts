import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  NoSuchBucket,
  S3Client,
} from "@aws-sdk/client-s3";
import { describe, expect, test } from "@jest/globals";
import { isEmptyStateBucket, removeStateBucket } from "../../cli/remove-state-bucket";
import { CommandError } from "../../setup/errors";

/** Bucket with objects by their keys; undefined: none. */
class Bucket extends S3Client {
  isRemoved = false;

  constructor(readonly objects: Map<string, unknown> | undefined) {
    super({ region: "us-east-1" });
  }

  override async send(command: object): Promise<never> {
    return this.answer(command) as never;
  }

  private answer(command: object): object {
    if (this.objects === undefined) throw new NoSuchBucket({ message: "none", $metadata: {} });
    const keys = [...this.objects.keys()].map((Key) => ({ Key, VersionId: "1" }));
    if (command instanceof ListObjectsV2Command) return { Contents: keys };
    if (command instanceof ListObjectVersionsCommand) return { Versions: keys };
    if (command instanceof GetObjectCommand) {
      const text = JSON.stringify(this.objects.get(command.input.Key ?? ""));
      return { Body: { transformToString: async () => text } };
    }
    if (command instanceof DeleteObjectsCommand) this.objects.clear();
    if (command instanceof DeleteBucketCommand) this.isRemoved = true;
    return {};
  }
}

const EMPTY = { resources: [] };

describe("the bucket of Terraform's states", () => {
  test("goes once all states are empty", async () => {
    const bucket = new Bucket(new Map([["tributary/dev/network.tfstate", EMPTY]]));
    expect(await isEmptyStateBucket(bucket, "states")).toBe(true);
    expect(bucket.isRemoved).toBe(false);
    await removeStateBucket(bucket, "states");
    expect([bucket.isRemoved, bucket.objects?.size]).toEqual([true, 0]);
  });

  test("stays where a state, of whatever environment, has a resource", async () => {
    const bucket = new Bucket(
      new Map([
        ["tributary/dev/network.tfstate", EMPTY],
        ["tributary/staging/storage.tfstate", { resources: [{}] }],
      ]),
    );
    await expect(isEmptyStateBucket(bucket, "states")).rejects.toThrow(
      "the state bucket states stays: tributary/staging/storage.tfstate still has 1 resources; destroy its environment first",
    );
    expect([bucket.isRemoved, bucket.objects?.size]).toEqual([false, 2]);
  });

  test("stays where a first apply is at work, which has a lock and no state yet", async () => {
    const bucket = new Bucket(new Map([["tributary/staging/network.tfstate.tflock", { ID: "x" }]]));
    const refused = isEmptyStateBucket(bucket, "states");
    await expect(refused).rejects.toThrow(CommandError);
    await expect(refused).rejects.toThrow(
      "the state bucket states stays: tributary/staging/network.tfstate.tflock says that a deploy or destroy is at work",
    );
    expect([bucket.isRemoved, bucket.objects?.size]).toEqual([false, 1]);
  });

  test("may be gone already", async () => {
    expect(await isEmptyStateBucket(new Bucket(undefined), "states")).toBe(false);
  });
});
