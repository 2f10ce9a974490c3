import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { COMPUTED, checkRooms } from "../../../cli/rooms/check-rooms";
import { PictureError, readPictures } from "../../../cli/rooms/picture";
import { readImports } from "../../../cli/rooms/read-imports";
import { TEACHINGS } from "../../../cli/rooms/teachings";
import { ROOT } from "../../../setup/paths";
import { ensurePython } from "../../../setup/python";

let python = "";
beforeAll(async () => {
  ({ python } = await ensurePython("dev", () => {}));
});

test("the code imports what the pictures show, and the pictures show nothing else", async () => {
  expect(await checkRooms(ROOT, python)).toEqual([]);
});

test("nothing is said of a room that is gone", () => {
  const page = readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8");
  const drawn = readPictures(page).flatMap(({ nodes }) => [...nodes.keys()]);
  expect(Object.keys(TEACHINGS).filter((room) => !drawn.includes(room))).toEqual(["__tests__", "tests"]);
});

test("an import is computed where a reason for it is listed, and nowhere else", async () => {
  const { computed } = await readImports(ROOT, python);
  expect(new Set(computed.map(({ from }) => from))).toEqual(new Set(Object.keys(COMPUTED)));
});

describe("a project", () => {
  let root = "";
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "tributary-rooms-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const write = (files: Readonly<Record<string, string>>) => {
    for (const [file, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), content);
    }
  };

  /** What is wrong with these files below these lines of the two pictures, but for the sentence about the page. */
  const problems = async (
    top: readonly string[],
    glue: readonly string[],
    files: Readonly<Record<string, string>>,
  ) => {
    const pictures = [top, glue].map((lines) => ["```mermaid", "flowchart TD", ...lines, "```"].join("\n"));
    write({
      "tsconfig.json": '{ "exclude": ["node_modules"] }',
      "CONTRIBUTING.md": pictures.join("\n\n"),
      ...files,
    });
    return (await checkRooms(root, python)).slice(0, -1);
  };

  const CLI = { "cli/run.ts": "" };
  const RUNTIME = { "runtime/clock.ts": "", "runtime/log.ts": "" };

  test("is told file, line, and what to do instead at an import that is not drawn", async () => {
    const files = { ...CLI, "runtime/clock.ts": '\nimport { run } from "../cli/run";\n' };
    expect(await problems(["cli", "runtime"], [], files)).toEqual([
      [
        "runtime/clock.ts:2 imports cli/run.ts: runtime → cli is not drawn",
        `  runtime: ${TEACHINGS["runtime"]?.asImporter}`,
        `  cli: ${TEACHINGS["cli"]?.asImported}`,
      ].join("\n"),
    ]);
  });

  test.each([
    ["several lines", 'import {\n  a,\n} from "../runtime/clock";'],
    ["types", 'import type { A } from "../runtime/clock";'],
    ["another's export", 'export { a } from "../runtime/clock";'],
    ["no names", 'import "../runtime/clock";'],
    ["a call", 'const a = await import("../runtime/clock");'],
    ["a call with a template", "const a = await import(`../runtime/clock`);"],
    ["a call with a comment", 'const a = import(/* now */ "../runtime/clock");'],
    ["require", 'const a = require("../runtime/clock");'],
    ["require of TypeScript", 'import a = require("../runtime/clock");'],
    ["an ending", 'import { a } from "../runtime/clock.js";'],
    ["a comment between the names", 'import { a, // so "it"; is\n b } from "../runtime/clock";'],
    ["all exports", 'export * from "../runtime/clock";'],
    ["a type in place", 'type A = import("../runtime/clock").A;'],
    ["a reference", '/// <reference path="../runtime/clock.ts" />'],
    ["one line with others", 'import "node:fs"; import "../runtime/clock";'],
  ])("is read by TypeScript's imports: %s", async (_, content) => {
    const files = { ...RUNTIME, "cli/run.ts": content };
    expect(await problems(["cli", "runtime"], [], files)).toEqual([
      expect.stringMatching(/^cli\/run\.ts:1 imports runtime\/clock\.ts/),
    ]);
    expect(await problems(["cli --> runtime"], [], files)).toEqual([]);
  });

  test.each([
    ["a module", "from tributary.running.log import log"],
    ["a package", "import tributary.running"],
    ["a package by the name of its parent", "from tributary import (\n    errors,\n    running,\n)"],
    ["a function's own", "def f():\n    from tributary.running import log"],
    ["a name after a comment", "from tributary import (\n    errors,  # (see)\n    running,\n)"],
    ["a line that goes on", "from tributary import \\\n    running"],
    ["a second module", "import os, tributary.running.log"],
    ["a line's second half", "if True: from tributary.running import log"],
    ["a place", "from ..running import log"],
    ["a call", 'import importlib\nimportlib.import_module("tributary.running.log")'],
    ["a call by name", 'from importlib import import_module\nimport_module("tributary.running")'],
    ["a call of what import calls", '__import__("tributary.running.log")'],
  ])("is read by Python's imports: %s", async (_, content) => {
    const files = {
      "glue/tributary/__init__.py": "",
      "glue/tributary/errors.py": "",
      "glue/tributary/running/__init__.py": "",
      "glue/tributary/running/log.py": "",
      "glue/tributary/uploads/run.py": content,
    };
    const refused = await problems(["glue"], ["uploads", "running", "errors"], files);
    expect(refused.join("\n")).toMatch(
      /^glue\/tributary\/uploads\/run\.py:\d .*: uploads → running is not drawn$/m,
    );
    const allowed = await problems(["glue"], ["uploads --> running & errors"], files);
    expect(allowed.join()).not.toMatch(/running is/);
  });

  test.each([
    ["import { a } from './walk';", "cli/run.ts"],
    ['\nimport { a } from "../../outside";', "cli/run.ts"],
    ['import "../runtime";', "cli/run.ts"],
    ["from .gone import run", "cli/run.py"],
  ])("is told of an import of what is no file of it: %j", async (content, file) => {
    expect(await problems(["cli", "runtime"], [], { ...RUNTIME, [file]: content })).toEqual([
      `${file}:${content.split("\n").length} imports no file of the project: mend the path`,
    ]);
  });

  test.each([
    ["const name = 'walk';\nimport('./' + name);", "cli/run.ts"],
    ["const name = './walk';\nrequire(name);", "cli/run.ts"],
    ["import importlib\nimportlib.import_module(name)", "cli/run.py"],
    ["import importlib\nimportlib.import_module('.walk', __package__)", "cli/run.py"],
  ])("is told of an import that is computed: %j", async (content, file) => {
    expect(await problems(["cli"], [], { [file]: content })).toEqual([
      `${file}:2 computes what it imports, so no picture can show it: name it literally`,
    ]);
  });

  test("is told of the file that does not parse", async () => {
    await expect(problems(["cli"], [], { "cli/run.ts": "import {" })).rejects.toThrow("cli/run.ts");
    await expect(problems(["cli"], [], { "cli/run.ts": "", "cli/run.py": "import" })).rejects.toThrow(
      "cli/run.py",
    );
  });

  test.each([
    ["import type", 'import type { A } from "../runtime/clock";'],
    ["types among the names", 'import { type A, type B } from "../runtime/clock";'],
    ["exported types", 'export type { A } from "../runtime/clock";'],
    ["all exported types", 'export type * from "../runtime/clock";'],
    ["a type in place", 'type A = import("../runtime/clock").A;'],
  ])("is allowed by dots: %s", async (_, content) => {
    expect(await problems(["cli -.-> runtime"], [], { ...RUNTIME, "cli/run.ts": content })).toEqual([]);
  });

  test("is refused by dots a value among types", async () => {
    const files = { ...RUNTIME, "cli/run.ts": 'import { type A, b } from "../runtime/clock";' };
    const [refused] = await problems(["cli -.-> runtime"], [], files);
    expect(refused).toMatch(/drawn for types of any file alone/);
  });

  test("is told of an arrow that no import needs", async () => {
    expect(await problems(["cli --> runtime"], [], { ...CLI, ...RUNTIME })).toEqual([
      "the arrow cli → runtime is drawn and no import needs it: take it out",
    ]);
  });

  test("is told of a room that is not drawn, of one that is empty, and of one that says nothing", async () => {
    expect(await problems(["cli", "attic"], [], { ...CLI, ...RUNTIME })).toEqual([
      "runtime has code and is not drawn: draw it, with its arrows",
      "attic is drawn and has no code: take it out",
      "attic is drawn and has no entry in cli/rooms/teachings.ts: say what to do instead of importing it",
    ]);
  });

  test.each([
    ["the imported file", "cli -->|runtime/clock.ts| runtime"],
    ["the importing file", "cli -->|cli/run.ts| runtime"],
    ["types", "cli -.-> runtime"],
  ])("is held to %s of a narrow arrow", async (_, arrow) => {
    const files = {
      ...RUNTIME,
      "cli/run.ts": 'import type { A } from "../runtime/clock";',
      "cli/walk.ts": 'import { a } from "../runtime/log";',
    };
    expect(await problems([arrow], [], files)).toEqual([
      expect.stringMatching(
        /^cli\/walk\.ts:1 imports runtime\/log\.ts: cli → runtime is drawn for .* alone\n/,
      ),
    ]);
  });

  test("draws an arrow at a frame for all in it, and none between them", async () => {
    const files = {
      "glue/jobs/csv.py": "from tributary.uploads import run",
      "glue/tributary/uploads/run.py": "from tributary.manifests import stream",
      "glue/tributary/manifests/stream.py": "",
    };
    const picture = ["subgraph pipelines", "  uploads", "  manifests", "end", "jobs --> pipelines"];
    expect(await problems(["glue"], picture, files)).toEqual([
      expect.stringMatching(/: uploads → manifests is not drawn\n/),
    ]);
  });

  test("is told of a circle, of the rooms in it alone", async () => {
    const files = {
      "glue/jobs/csv.py": "from tributary.uploads import run",
      "glue/tributary/uploads/run.py": "from tributary.running import log",
      "glue/tributary/running/log.py": "from tributary.uploads import run\nfrom tributary import errors",
      "glue/tributary/errors.py": "",
    };
    const picture = ["jobs --> uploads", "uploads --> running", "running --> uploads & errors"];
    expect(await problems(["glue"], picture, files)).toEqual([
      expect.stringMatching(/^the arrows between uploads, running go round in a circle/),
    ]);
  });

  test("may import anything in tests, and tests nowhere else", async () => {
    const files = {
      "cli/run.ts": 'import { made } from "../__tests__/made";',
      "__tests__/made.ts": 'import { run } from "../cli/run";',
      "node_modules/left/out.ts": 'import { run } from "../../cli/run";',
    };
    expect(await problems(["cli"], [], files)).toEqual([
      expect.stringMatching(/: cli → __tests__ is not drawn\n.*\n {2}__tests__: move the helper/),
    ]);
  });

  test("is told of a line that is no part of a picture", async () => {
    await expect(problems(["cli ==> runtime"], [], CLI)).rejects.toThrow(PictureError);
  });
});
