import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { nativeWheel, tributaryPackage } from "../../../constructs/code/glue-package";
import { ROOT } from "../../../setup/paths";

test("the Glue package holds modules, declarations with their schema and SQL, and neither caches nor tests", () => {
  const program = "import sys, zipfile; print(*zipfile.ZipFile(sys.argv[1]).namelist(), sep='\\n')";
  const names = execFileSync("python3", ["-c", program, tributaryPackage().path], { encoding: "utf8" })
    .trim()
    .split("\n");
  expect(names).toEqual(
    expect.arrayContaining([
      "tributary/__init__.py",
      "tributary/datasets/declared/customers/dataset.json",
      "tributary/datasets/declared/customers/transform.sql",
      "tributary/datasets/dataset.schema.json",
    ]),
  );
  expect(
    names.filter((name) => /\/declared\//.test(name) && !/\/(dataset\.json|transform\.sql)$/.test(name)),
  ).toEqual([]);
  expect(names.filter((name) => !/^tributary\/.*\.(py|json|sql|typed)$/.test(name))).toEqual([]);
  expect(names.filter((name) => /__pycache__|(^|\/)tests?\//.test(name))).toEqual([]);
});

describe("the native library's wheel", () => {
  let glue: string;
  beforeEach(() => {
    glue = mkdtempSync(join(tmpdir(), "tributary-test-"));
    for (const name of ["native", "pyproject.toml"]) {
      cpSync(join(ROOT, "glue", name), join(glue, name), { recursive: true });
    }
  });
  afterEach(() => rmSync(glue, { recursive: true }));

  test("keeps its key where nothing changed that decides its bytes", () => {
    writeFileSync(join(glue, "native", "notes.txt"), "not compiled");
    change("pyproject.toml", "ruff==", "ruff==9.");
    expect(nativeWheel(glue).sha256).toBe(nativeWheel().sha256);
  });

  test.each([
    ["a source", join("native", "ndjson.zig"), "const", " const"],
    ["the build script", join("native", "build.py"), "import", "import  "],
    ["the compiler", "pyproject.toml", "ziglang==", "ziglang==9."],
  ])("has another key after a change of %s", (_, file, before, after) => {
    change(file, before, after);
    expect(nativeWheel(glue).sha256).not.toBe(nativeWheel().sha256);
  });

  test("has another name after a change of the version", () => {
    change("pyproject.toml", 'version = "', 'version = "9.');
    expect(nativeWheel(glue).name).toMatch(/^tributary_native-9\.\d.*-py3-none-manylinux_2_17_x86_64\.whl$/);
  });

  function change(file: string, before: string, after: string): void {
    const text = readFileSync(join(glue, file), "utf8");
    expect(text).toContain(before);
    writeFileSync(join(glue, file), text.replace(before, after));
  }
});
