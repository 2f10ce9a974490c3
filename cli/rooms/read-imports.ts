import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** An import of one file of the project by another; paths from the root, with slashes. */
export interface Import {
  readonly from: string;
  readonly line: number;
  readonly to: string;
  /** True for an import of types, which is gone when the program runs. */
  readonly onlyTypes: boolean;
}

export interface Code {
  /** Files of TypeScript and Python but for tests, which may import anything. */
  readonly files: readonly string[];
  readonly imports: readonly Import[];
}

type Target = Pick<Import, "to" | "onlyTypes"> & { readonly offset: number };

const TESTS = /(^|\/)(__tests__|tests)\//;
/** Form of an import that Biome and ruff leave: one statement, one module. */
const TYPESCRIPT =
  /^(?:import|export)\s+(type\s)?[^;"]*?from\s+"(\.[^"]+)"|\b(?:import|require)\(\s*"(\.[^"]+)"|^import\s+"(\.[^"]+)"/gm;
const PYTHON = /^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|.*)|import[ \t]+([\w.]+))/gm;
const PYTHON_ENDINGS = [".py", "/__init__.py", ""];

/** Reads the imports of all code below `root`, those within functions and those of types alone included. */
export function readImports(root: string): Code {
  const files = codeFiles(root).filter((file) => !TESTS.test(file));
  return { files, imports: files.flatMap((file) => importsOf(root, file)) };
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

function importsOf(root: string, from: string): Import[] {
  const text = readFileSync(join(root, from), "utf8");
  const targets = from.endsWith(".py") ? pythonTargets(root, text) : typescriptTargets(root, from, text);
  return targets.map(({ offset, ...target }) => ({
    from,
    line: text.slice(0, offset).split("\n").length,
    ...target,
  }));
}

function typescriptTargets(root: string, from: string, text: string): Target[] {
  return [...text.matchAll(TYPESCRIPT)].flatMap((match) => {
    const path = join(dirname(from), match[2] ?? match[3] ?? match[4] ?? "");
    const to = existing(root, path, [".ts", "/index.ts", ""]);
    return to === undefined ? [] : [{ to, onlyTypes: match[1] !== undefined, offset: match.index }];
  });
}

function pythonTargets(root: string, text: string): Target[] {
  return [...text.matchAll(PYTHON)].flatMap((match) => {
    const module = (match[1] ?? match[3] ?? "").replaceAll(".", "/");
    const names = match[2]?.match(/\w+/g) ?? [];
    // a name may be a module of the package
    const modules = names.flatMap((name) => pythonFile(root, join(module, name)) ?? []);
    const files = modules.length > 0 ? modules : [pythonFile(root, module) ?? []].flat();
    return files.map((to) => ({ to, onlyTypes: false, offset: match.index }));
  });
}

/** Python finds modules in the root and in glue/; a folder needs no __init__.py to be one. */
function pythonFile(root: string, path: string): string | undefined {
  return existing(root, path, PYTHON_ENDINGS) ?? existing(root, join("glue", path), PYTHON_ENDINGS);
}

function existing(root: string, path: string, endings: readonly string[]): string | undefined {
  return endings.map((ending) => path + ending).find((file) => existsSync(join(root, file)));
}
