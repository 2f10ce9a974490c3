import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type StackJson, stacksOf } from "../../support/stacks";
import { type Finding, unreviewed } from "../reviewed";
import { EXCEPTIONS } from "./exceptions";
import { runCheckov } from "./run-checkov";

describe("checkov", () => {
  let folder = "";
  let findings: readonly Finding[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tributary-checkov-"));
    const stacks = new Map([...stacksOf("dev", "staging", "prod"), ["open-storage", openToAll()]]);
    findings = await runCheckov(stacks, folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("finds nothing in the deployed environments but what was reviewed", () => {
    const own = findings.filter(({ where }) => !where.startsWith("open-"));
    expect(unreviewed(own, EXCEPTIONS)).toEqual([]);
  });

  test("finds what is wrong in a stack of the same form", () => {
    expect(findings).toContainEqual({ rule: "CKV_AWS_53", where: "open-storage open" });
  });
});

/** A stack whose bucket lets public access lists through. */
function openToAll(): StackJson {
  const block = { bucket: "open", block_public_acls: false };
  return {
    resource: { aws_s3_bucket_public_access_block: { open: block } },
    provider: {},
    terraform: { backend: { s3: {} } },
  };
}
