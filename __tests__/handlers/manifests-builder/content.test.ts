import type { S3Client } from "@aws-sdk/client-s3";
import { describe, expect, test } from "@jest/globals";
import { compareChecksums } from "../../../handlers/manifests-builder/content";
import { copyInParts } from "../../../handlers/manifests-builder/copy-in-parts";
import { awsError, clientDouble } from "../support/doubles";

const WHOLE = { ChecksumType: "FULL_OBJECT" as const };

describe("compareChecksums", () => {
  test.each([
    ["same", { ...WHOLE, ChecksumSHA256: "a" }, { ...WHOLE, ChecksumSHA256: "a" }],
    ["same", { ...WHOLE, ChecksumCRC64NVME: "a" }, { ...WHOLE, ChecksumCRC64NVME: "a" }],
    ["different", { ...WHOLE, ChecksumSHA256: "a" }, { ...WHOLE, ChecksumSHA256: "b" }],
    ["different", { ...WHOLE, ChecksumCRC32: "a" }, { ...WHOLE, ChecksumCRC32: "b" }],
    // 32 bits are too few to drop a file for
    ["unknown", { ...WHOLE, ChecksumCRC32: "a" }, { ...WHOLE, ChecksumCRC32: "a" }],
    ["unknown", { ...WHOLE, ChecksumCRC64NVME: "a" }, { ...WHOLE, ChecksumSHA256: "a" }],
    // of parts: says nothing of the whole
    [
      "unknown",
      { ChecksumType: "COMPOSITE" as const, ChecksumSHA256: "a-2" },
      { ...WHOLE, ChecksumSHA256: "a" },
    ],
    ["unknown", {}, { ...WHOLE, ChecksumSHA256: "a" }],
    ["unknown", {}, {}],
  ])("says %s of %j and %j", (verdict, one, other) => {
    expect(compareChecksums(one, other)).toBe(verdict);
    expect(compareChecksums(other, one)).toBe(verdict);
  });
});

describe("copyInParts", () => {
  const retry = <Result>(call: () => Promise<Result>) => call();
  const copied = { source: "raw/k?versionId=v", size: 2 ** 30 + 1, key: "copy" };

  test("copies parts of 256 MiB and the rest", async () => {
    const { client, sent } = clientDouble<S3Client>({
      CreateMultipartUploadCommand: () => ({ UploadId: "u" }),
      UploadPartCopyCommand: (_, call) => ({ CopyPartResult: { ETag: `e${call}` } }),
      CompleteMultipartUploadCommand: () => ({}),
    });
    await copyInParts({ client, name: "quarantine" }, retry, copied);
    const parts = sent.filter(({ name }) => name === "UploadPartCopyCommand").map(({ input }) => input);
    expect(parts.map(({ CopySourceRange }) => CopySourceRange)).toEqual([
      "bytes=0-268435455",
      "bytes=268435456-536870911",
      "bytes=536870912-805306367",
      "bytes=805306368-1073741823",
      "bytes=1073741824-1073741824",
    ]);
    expect(sent.at(-1)?.input.MultipartUpload.Parts).toHaveLength(5);
  });

  test("needs no more parts than S3 takes", async () => {
    const { client, sent } = clientDouble<S3Client>({
      CreateMultipartUploadCommand: () => ({ UploadId: "u" }),
      UploadPartCopyCommand: () => ({ CopyPartResult: { ETag: "e" } }),
      CompleteMultipartUploadCommand: () => ({}),
    });
    await copyInParts({ client, name: "quarantine" }, retry, { ...copied, size: 5 * 2 ** 40 });
    expect(sent.filter(({ name }) => name === "UploadPartCopyCommand")).toHaveLength(10_000);
  });

  test("leaves no parts behind when one fails", async () => {
    const { client, sent } = clientDouble<S3Client>({
      CreateMultipartUploadCommand: () => ({ UploadId: "u" }),
      UploadPartCopyCommand: () => awsError("AccessDenied"),
      AbortMultipartUploadCommand: () => ({}),
    });
    await expect(copyInParts({ client, name: "quarantine" }, retry, copied)).rejects.toThrow("AccessDenied");
    expect(sent.at(-1)?.name).toBe("AbortMultipartUploadCommand");
  });
});
