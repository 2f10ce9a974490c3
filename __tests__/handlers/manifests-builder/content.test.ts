import { describe, expect, test } from "@jest/globals";
import { compareChecksums } from "../../../handlers/manifests-builder/content";

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
