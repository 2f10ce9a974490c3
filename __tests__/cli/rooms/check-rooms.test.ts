import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { checkRooms } from "../../../cli/rooms/check-rooms";
import { PictureError, readPictures } from "../../../cli/rooms/picture";
import { TEACHINGS } from "../../../cli/rooms/teachings";
import { ROOT } from "../../../setup/paths";

test("the code imports what the pictures show, and the pictures show nothing else", () => {
  expect(checkRooms(ROOT)).toEqual([]);
});

test("nothing is said of a room that is gone", () => {
  const page = readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8");
  const drawn = readPictures(page).flatMap(({ nodes }) => [...nodes.keys()]);
  expect(Object.keys(TEACHINGS).filter((room) => !drawn.includes(room))).toEqual(["__tests__", "tests"]);
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
  const problems = (
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
    return checkRooms(root).slice(0, -1);
  };

  const CLI = { "cli/run.ts": "" };
  const RUNTIME = { "runtime/clock.ts": "", "runtime/log.ts": "" };

  test("is told file, line, and what to do instead at an import that is not drawn", () => {
    const files = { ...CLI, "runtime/clock.ts": '\nimport { run } from "../cli/run";\n' };
    expect(problems(["cli", "runtime"], [], files)).toEqual([
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
    ["require", 'const a = require("../runtime/clock");'],
  ])("is read by TypeScript's imports: %s", (_, content) => {
    const files = { ...RUNTIME, "cli/run.ts": content };
    expect(problems(["cli", "runtime"], [], files)).toEqual([
      expect.stringMatching(/^cli\/run\.ts:1 imports runtime\/clock\.ts/),
    ]);
    expect(problems(["cli --> runtime"], [], files)).toEqual([]);
  });

  test.each([
    ["a module", "from tributary.running.log import log"],
    ["a package", "import tributary.running"],
    ["a package by the name of its parent", "from tributary import (\n    errors,\n    running,\n)"],
    ["a function's own", "def f():\n    from tributary.running import log"],
  ])("is read by Python's imports: %s", (_, content) => {
    const files = {
      "glue/tributary/__init__.py": "",
      "glue/tributary/errors.py": "",
      "glue/tributary/running/__init__.py": "",
      "glue/tributary/running/log.py": "",
      "glue/tributary/uploads/run.py": content,
    };
    const refused = problems(["glue"], ["uploads", "running", "errors"], files);
    expect(refused.join("\n")).toMatch(
      /^glue\/tributary\/uploads\/run\.py:\d .*: uploads → running is not drawn$/m,
    );
    expect(problems(["glue"], ["uploads --> running & errors"], files).join()).not.toMatch(/running is/);
  });

  test("is told of an arrow that no import needs", () => {
    expect(problems(["cli --> runtime"], [], { ...CLI, ...RUNTIME })).toEqual([
      "the arrow cli → runtime is drawn and no import needs it: take it out",
    ]);
  });

  test("is told of a room that is not drawn, of one that is empty, and of one that says nothing", () => {
    expect(problems(["cli", "attic"], [], { ...CLI, ...RUNTIME })).toEqual([
      "runtime has code and is not drawn: draw it, with its arrows",
      "attic is drawn and has no code: take it out",
      "attic is drawn and has no entry in cli/rooms/teachings.ts: say what to do instead of importing it",
    ]);
  });

  test.each([
    ["the imported file", "cli -->|runtime/clock.ts| runtime"],
    ["the importing file", "cli -->|cli/run.ts| runtime"],
    ["types", "cli -.-> runtime"],
  ])("is held to %s of a narrow arrow", (_, arrow) => {
    const files = {
      ...RUNTIME,
      "cli/run.ts": 'import type { A } from "../runtime/clock";',
      "cli/walk.ts": 'import { a } from "../runtime/log";',
    };
    expect(problems([arrow], [], files)).toEqual([
      expect.stringMatching(
        /^cli\/walk\.ts:1 imports runtime\/log\.ts: cli → runtime is drawn for .* alone\n/,
      ),
    ]);
  });

  test("draws an arrow at a frame for all in it, and none between them", () => {
    const files = {
      "glue/jobs/csv.py": "from tributary.uploads import run",
      "glue/tributary/uploads/run.py": "from tributary.manifests import stream",
      "glue/tributary/manifests/stream.py": "",
    };
    const picture = ["subgraph pipelines", "  uploads", "  manifests", "end", "jobs --> pipelines"];
    expect(problems(["glue"], picture, files)).toEqual([
      expect.stringMatching(/: uploads → manifests is not drawn\n/),
    ]);
  });

  test("is told of a circle, of the rooms in it alone", () => {
    const files = {
      "glue/jobs/csv.py": "from tributary.uploads import run",
      "glue/tributary/uploads/run.py": "from tributary.running import log",
      "glue/tributary/running/log.py": "from tributary.uploads import run\nfrom tributary import errors",
      "glue/tributary/errors.py": "",
    };
    const picture = ["jobs --> uploads", "uploads --> running", "running --> uploads & errors"];
    expect(problems(["glue"], picture, files)).toEqual([
      expect.stringMatching(/^the arrows between uploads, running go round in a circle/),
    ]);
  });

  test("may import anything in tests, and tests nowhere else", () => {
    const files = {
      "cli/run.ts": 'import { made } from "../__tests__/made";',
      "__tests__/made.ts": 'import { run } from "../cli/run";',
      "node_modules/left/out.ts": 'import { run } from "../../cli/run";',
    };
    expect(problems(["cli"], [], files)).toEqual([
      expect.stringMatching(/: cli → __tests__ is not drawn\n.*\n {2}__tests__: move the helper/),
    ]);
  });

  test("is told of a line that is no part of a picture", () => {
    expect(() => problems(["cli ==> runtime"], [], CLI)).toThrow(PictureError);
  });
});
