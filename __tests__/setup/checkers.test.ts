import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { Checker } from "../../setup/checkers";
import { ROOT } from "../../setup/paths";

// the last is no checker: a release installs it so
const LOCKS: readonly (Checker | "cyclonedx-bom")[] = [
  "checkov",
  "moto",
  "policy-sentry",
  "zizmor",
  "cyclonedx-bom",
];

describe.each(LOCKS)("the lock of %s", (checker) => {
  const read = (extension: string) =>
    readFileSync(join(ROOT, "setup", "checkers", `${checker}.${extension}`), "utf8");
  const lines = read("lock").split("\n");

  test("has what is asked for, in that version", () => {
    const asked = read("in")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.replace(/\[.*\]/, ""));
    const pinned = lines.map((line) => line.replace(/\[.*\]/, "").replace(/ .*/, ""));
    expect(pinned).toEqual(expect.arrayContaining(asked));
  });

  test("pins every package by hash, and names no index", () => {
    const packages = lines.filter((line) => /^[a-z]/.test(line));
    const hashed = lines.filter(
      (line, index) => /^ {4}--hash=sha256:/.test(line) && !/^ /.test(lines[index - 1] ?? ""),
    );
    expect(packages.length).toBeGreaterThan(0);
    expect(hashed).toHaveLength(packages.length);
    expect(lines.filter((line) => line.startsWith("-") || line.includes("://"))).toEqual([]);
  });
});
