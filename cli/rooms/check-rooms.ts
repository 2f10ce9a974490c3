import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Picture, readPictures } from "./picture";
import { problemsOf } from "./problems";
import { readImports } from "./read-imports";

/** The page whose pictures are the rule: first the top-level folders, then what is in glue/. */
const PAGE = "CONTRIBUTING.md";
const NOTHING: Picture = { nodes: new Map(), arrows: [] };

/** Compares the imports of all code below `root` with the pictures of its rooms; what differs, with what to do. */
export function checkRooms(root: string): string[] {
  const [folders = NOTHING, packages = NOTHING] = readPictures(readFileSync(join(root, PAGE), "utf8"));
  const code = readImports(root);
  const problems = [
    ...problemsOf(code, { picture: folders, roomOf: topRoom }),
    ...problemsOf(code, { picture: packages, roomOf: glueRoom }),
  ];
  return problems.length === 0 ? [] : [...problems, `the rooms and their arrows are drawn in ${PAGE}`];
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
