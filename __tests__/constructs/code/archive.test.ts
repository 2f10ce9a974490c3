import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { zip } from "../../../constructs/code/archive";

const ENTRIES = [
  { name: "package/naïve.py", content: Buffer.from("x = 1\n") },
  { name: "package/__init__.py", content: Buffer.alloc(0) },
  { name: "data.bin", content: Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 251)) },
];

describe("an archive", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tributary-archive-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("is read by Python's zipfile, checksums, names and bytes alike", () => {
    const file = join(folder, "archive.zip");
    writeFileSync(file, zip(ENTRIES));
    const program =
      "import sys, json, zipfile; a = zipfile.ZipFile(sys.argv[1]); assert a.testzip() is None; " +
      "print(json.dumps({n: a.read(n).hex() for n in a.namelist()}))";
    const read = JSON.parse(execFileSync("python3", ["-c", program, file], { encoding: "utf8" }));
    expect(read).toEqual(
      Object.fromEntries(ENTRIES.map(({ name, content }) => [name, content.toString("hex")])),
    );
  });

  test("has the same bytes whatever the order of the files", () => {
    expect(zip([...ENTRIES].reverse()).equals(zip(ENTRIES))).toBe(true);
  });
});
