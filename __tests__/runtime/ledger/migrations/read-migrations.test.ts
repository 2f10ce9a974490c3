import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { MigrationFilesError } from "../../../../runtime/ledger/migrations/errors";
import { readMigrations } from "../../../../runtime/ledger/migrations/read-migrations";

describe("readMigrations", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tributary-migrations-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (...names: readonly string[]) => {
    for (const name of names)
      writeFileSync(join(folder, name), name.includes("bare") ? "-- no transaction\n" : "");
  };

  test("reads the files in the order of their numbers, with hash and mark", () => {
    write("0002-bare.sql", "0001-first.sql");
    expect(readMigrations(folder).map(({ file, isBare }) => [file, isBare])).toEqual([
      ["0001-first.sql", false],
      ["0002-bare.sql", true],
    ]);
    expect(readMigrations(folder)[0]?.sha256).toBe(
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
  });

  test.each([
    ["a gap", ["0001-first.sql", "0003-third.sql"]],
    ["a number twice", ["0001-first.sql", "0001-other.sql"]],
    ["another name", ["0001-first.sql", "0002_second.sql"]],
    ["another file", ["0001-first.sql", "readme.md"]],
  ])("rejects %s", (_, names) => {
    write(...names);
    expect(() => readMigrations(folder)).toThrow(MigrationFilesError);
  });
});
