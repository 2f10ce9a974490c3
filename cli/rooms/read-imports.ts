import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../setup/process";
import { type Reference, typescriptReferences } from "./typescript-imports";

export type Place = Pick<Reference, "from" | "line">;

/** An import of one file of the project by another; paths from the root, with slashes. */
export interface Import extends Place {
  readonly to: string;
  /** True for an import of types, which is gone when the program runs. */
  readonly onlyTypes: boolean;
}

export interface Code {
  /** Files of TypeScript and Python but for tests, which may import anything. */
  readonly files: readonly string[];
  readonly imports: readonly Import[];
  /** Relative imports of no file of the project. */
  readonly lost: readonly Place[];
  /** Imports that name a module by more than a literal. */
  readonly computed: readonly Place[];
}

const TESTS = /(^|\/)(__tests__|tests)\//;
const SCRIPT = join(__dirname, "python_imports.py");

/**
 * Reads the imports of all code below `root`, those within functions and those of types alone included.
 * @param python interpreter that parses the files of Python
 */
export async function readImports(root: string, python: string): Promise<Code> {
  const files = codeFiles(root).filter((file) => !TESTS.test(file));
  // Python works while this process parses TypeScript
  const references = await Promise.all([
    pythonReferences(root, python, files),
    typescriptReferences(root, files),
  ]);
  const found = references.flat().map((each) => ({
    ...each,
    to: each.files.find((file) => exists(join(root, file))),
  }));
  return {
    files,
    imports: found.flatMap(({ to, ...each }) => (to === undefined ? [] : { ...each, to })),
    lost: found.filter((each) => each.to === undefined && each.isRelative),
    computed: found.filter((each) => each.files.length === 0),
  };
}

/** Top-level folders that tsc leaves out are made by tools, and so are those whose names begin with a dot. */
function codeFiles(root: string): string[] {
  const { exclude }: { exclude: string[] } = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8"));
  return readdirSync(root, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith(".") && !exclude.includes(name))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(root, entry.name) : [entry.name]))
    .filter((file) => file.endsWith(".ts") || file.endsWith(".py"));
}

function filesBelow(root: string, folder: string): string[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return files.map((file) => join(folder, file));
}

/** Reads all files in one process, whose start takes longer than a file. */
async function pythonReferences(
  root: string,
  python: string,
  files: readonly string[],
): Promise<Reference[]> {
  const scripts = files.filter((file) => file.endsWith(".py"));
  if (scripts.length === 0) return [];
  const { exitCode, output, stdout } = await run([python, "-IS", SCRIPT, ...scripts], { folder: root });
  if (exitCode !== 0) throw new Error(`cannot read the imports of Python: ${output}`);
  return JSON.parse(stdout);
}

/** A folder is named with a slash at its end. */
function exists(path: string): boolean {
  return existsSync(path) && (path.endsWith("/") || statSync(path).isFile());
}
