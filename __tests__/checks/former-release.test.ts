import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { ROOT } from "../../setup/paths";
import { FORMER_RELEASE, takeFormerRelease } from "../support/former-release";

describe("the release from which an upgrade is tested", () => {
  test("is the latest tag, once there is one", () => {
    const tags = git("tag", "--merged", "HEAD^", "--sort=-version:refname", "--list", "v*").split("\n");
    expect([tags[0] || FORMER_RELEASE]).toEqual([FORMER_RELEASE]);
  });

  test("is asked for where a clone does not have it", () => {
    const repository = mkdtempSync(join(tmpdir(), "tributary-clone-"));
    execFileSync("git", ["init", "-q"], { cwd: repository });
    expect(() => takeFormerRelease(repository)).toThrow(/git fetch --unshallow --tags$/);
    rmSync(repository, { recursive: true });
  });
});

function git(...words: readonly string[]): string {
  return execFileSync("git", words, { cwd: ROOT, encoding: "utf8" });
}
