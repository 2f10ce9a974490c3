import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { findInterpreter } from "../../setup/interpreter";
import { inFolder, program } from "./machine";

describe("findInterpreter", () => {
  test.each([
    [
      "the one that Glue runs before a newer",
      { "python3.13": "3.13.1", "python3.11": "3.11.2" },
      "python3.11",
    ],
    ["a newer where there is no other", { "python3.12": "3.12.4", python3: "3.9.2" }, "python3.12"],
    ["python3 where it is recent", { python3: "3.14.0" }, "python3"],
  ])("prefers %s", (_, versions, expected) =>
    inFolder(async (folder) => {
      for (const [name, version] of Object.entries(versions)) program(join(folder, name), `echo ${version}`);
      const found = await findInterpreter({ PATH: folder });
      expect(found.program).toBe(join(folder, expected));
    }),
  );

  test("passes over one that does not run", () =>
    inFolder(async (folder) => {
      program(join(folder, "a", "python3.11"), "echo no module named ensurepip", "exit 1");
      program(join(folder, "b", "python3.11"), "echo 3.11.9");
      const PATH = `${join(folder, "a")}:${join(folder, "b")}`;
      await expect(findInterpreter({ PATH })).resolves.toEqual({
        program: join(folder, "b", "python3.11"),
        version: "3.11.9",
      });
    }));

  test("takes the one that TRIBUTARY_PYTHON names, and no other", () =>
    inFolder(async (folder) => {
      program(join(folder, "python3.11"), "echo 3.11.9");
      const named = program(join(folder, "own", "py"), "echo 3.12.0");
      await expect(findInterpreter({ PATH: folder, TRIBUTARY_PYTHON: named })).resolves.toMatchObject({
        program: named,
      });
      const missing = join(folder, "none");
      await expect(findInterpreter({ PATH: folder, TRIBUTARY_PYTHON: missing })).rejects.toThrow(
        /found: .*none does not start .*; correct or unset TRIBUTARY_PYTHON$/,
      );
    }));

  test("names what was found and the way out", () =>
    inFolder(async (folder) => {
      program(join(folder, "python3"), "echo 3.9.2");
      await expect(findInterpreter({ PATH: folder })).rejects.toThrow(
        `no Python of 3.11 or later with venv (found: ${join(folder, "python3")} is 3.9.2); ` +
          "install one, or name it by the variable TRIBUTARY_PYTHON",
      );
      await expect(findInterpreter({ PATH: join(folder, "empty") })).rejects.toThrow("found: none on PATH");
    }));
});
