import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  PutBucketVersioningCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { STSClient } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { checkAccount } from "../../cli/account";
import { ensureStateBucket } from "../../cli/state-bucket";
import { loadEnvironment } from "../../environments/schema";
import { type LocalAws, startLocalAws } from "../../local/platform/aws";

const local = loadEnvironment("local");
/** As deployed ones are, in the emulator's account. */
const deployed = { ...local, project: "lake", storage: { ...local.storage, tlsOnly: true } };
const BUCKET = "lake-state-000000000000-us-east-1";

describe("bootstrap", () => {
  let folder = "";
  let aws: LocalAws;
  let s3: S3Client;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tributary-bootstrap-"));
    aws = await startLocalAws({ folder, report: () => {} });
    Object.assign(process.env, aws.environment);
    s3 = new S3Client({ forcePathStyle: true });
  });

  afterAll(async () => {
    await aws.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("creates a state bucket that is versioned, encrypted, private and reached by TLS only", async () => {
    expect(await ensureStateBucket(s3, deployed)).toEqual({ bucket: BUCKET, created: true });
    const Bucket = BUCKET;
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe("Enabled");
    const encryption = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
    expect(JSON.stringify(encryption.ServerSideEncryptionConfiguration)).toContain("aws:kms");
    const block = await s3.send(new GetPublicAccessBlockCommand({ Bucket }));
    expect(Object.values(block.PublicAccessBlockConfiguration ?? {})).toEqual([true, true, true, true]);
    expect((await s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toContain("aws:SecureTransport");
  });

  test("lets replaced states and released locks go after 90 days, but the ten newest", async () => {
    await ensureStateBucket(s3, deployed);
    const { Rules = [] } = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: BUCKET }));
    const [states, ...others] = Rules;
    expect(states).toEqual(
      expect.objectContaining({
        Status: "Enabled",
        NoncurrentVersionExpiration: { NoncurrentDays: 90, NewerNoncurrentVersions: 10 },
        Expiration: { ExpiredObjectDeleteMarker: true },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
      }),
    );
    // no rule may reach a current state
    expect(JSON.stringify(states)).not.toMatch(/"Days":/);
    expect(others.map(({ Filter }) => Filter)).toEqual([{ Prefix: "_plans/" }]);
  });

  test("lets kept plans go, with their secrets, a day after an apply takes them no more", async () => {
    const { Rules = [] } = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: BUCKET }));
    expect(Rules.at(-1)).toMatchObject({
      Status: "Enabled",
      Expiration: { Days: 8 },
      NoncurrentVersionExpiration: { NoncurrentDays: 1 },
    });
  });

  test("is safe to repeat, and repairs what was changed", async () => {
    const suspended = { Status: "Suspended" } as const;
    await s3.send(new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration: suspended }));
    expect(await ensureStateBucket(s3, deployed)).toEqual({ bucket: BUCKET, created: false });
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket: BUCKET }))).Status).toBe("Enabled");
  });

  test("accepts the environment's own account", async () => {
    await expect(checkAccount(new STSClient({}), local)).resolves.toBeUndefined();
  });

  test("refuses credentials of another account", async () => {
    await expect(checkAccount(new STSClient({}), loadEnvironment("prod"))).rejects.toThrow(
      'credentials: expected those of account 333333333333 (environments/prod.ts: account), got "000000000000"',
    );
  });
});
