import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Picture, readPictures } from "./picture";
import { problemsOf } from "./problems";
import { type Place, readImports } from "./read-imports";

/** The page whose pictures are the rule: first the top-level folders, then what is in glue/. */
const PAGE = "CONTRIBUTING.md";
const NOTHING: Picture = { nodes: new Map(), arrows: [] };

/** Files that import a module by a computed name, and why they may, though no picture can show it. */
export const COMPUTED: Readonly<Record<string, string>> = {
  "glue/tributary/running/arguments.py": "as a command, it describes the job that it is given by name",
  "bench/ndjson_engines.py": "an engine says which modules are loaded before it is measured",
};

/**
 * Compares the imports of all code below `root` with the pictures of its rooms; what differs, with what to do.
 * @param python interpreter that parses the files of Python
 */
export async function checkRooms(root: string, python: string): Promise<string[]> {
  const [folders = NOTHING, packages = NOTHING] = readPictures(readFileSync(join(root, PAGE), "utf8"));
  const code = await readImports(root, python);
  const problems = [
    ...code.lost.map((each) => `${placeOf(each)} imports no file of the project: mend the path`),
    ...code.computed
      .filter(({ from }) => !(from in COMPUTED))
      .map(
        (each) => `${placeOf(each)} computes what it imports, so no picture can show it: name it literally`,
      ),
    ...problemsOf(code, { picture: folders, roomOf: topRoom }),
    ...problemsOf(code, { picture: packages, roomOf: glueRoom }),
  ];
  return problems.length === 0 ? [] : [...problems, `the rooms and their arrows are drawn in ${PAGE}`];
}

function placeOf({ from, line }: Place): string {
  return `${from}:${line}`;
}

function topRoom(file: string): string | undefined {
  return file.split("/")[0];
}

/** A package of tributary, a module beside them, or another folder of glue/. */
function glueRoom(file: string): string | undefined {
  const [top, folder, part] = file.split("/");
  if (top !== "glue") return undefined;
  if (folder !== "tributary") return folder;
  return part === "__init__.py" ? undefined : part?.replace(/\.py$/, "");
}
