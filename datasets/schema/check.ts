/** The check of declarations: every problem of every one, with file, line and column. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, relative, resolve, sep } from "node:path";
import { processedPrefix } from "../../environments/schema/names";
import { type Dataset, datasetOf } from "./dataset";
import { type Problem, problem, readDeclaration } from "./problems";
import { apartFrom, brokenRules } from "./rules";
import { Source } from "./source";
import { versionOf } from "./version";

/** A problem, as `datasets/orders/dataset.json:3:5: prefix: expected …, got …`. */
export interface Finding {
  /** Path below the checkout. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Declarations that are in order, by name, and the problems of the others. */
export interface Checked {
  readonly datasets: readonly Dataset[];
  readonly findings: readonly Finding[];
}

/** Every problem of the declarations. */
export class DatasetsError extends Error {
  override readonly name = "DatasetsError";

  constructor(readonly findings: readonly Finding[]) {
    super(
      [`the datasets have ${findings.length} problem(s)`, ...findings.map((each) => `  ${shown(each)}`)].join(
        "\n",
      ),
    );
  }
}

const ROOT = join(__dirname, "..", "..");
const TEAM = join(ROOT, "datasets");
const PLATFORM = join(ROOT, "glue", "tributary", "datasets", "platform");

/** `datasets/orders/dataset.json:3:5: prefix: expected …, got …`. */
export function shown({ file, line, column, message }: Finding): string {
  return `${file}:${line}:${column}: ${message}`;
}

/** Folders of all declarations: a team's, and those of the platform's smoke tests. */
export function declaredFolders(team: string = TEAM): string[] {
  return [team, PLATFORM].flatMap((place) =>
    readdirSync(place)
      .map((name) => join(place, name))
      .filter((folder) => existsSync(join(folder, "dataset.json"))),
  );
}

/**
 * Finds the folder that declares a dataset: a declared one's name, or a folder, relative to `from`; undefined for
 * anything else.
 */
export function folderOf(name: string, from: string): string | undefined {
  const candidates = [
    ...declaredFolders().filter((folder) => basename(folder) === name),
    resolve(from, name),
  ];
  return candidates.find((folder) => existsSync(join(folder, "dataset.json")));
}

/** Checks one declaration, beside all that are declared where it is one of them. */
export function checkFolder(folder: string): Finding[] {
  const declared = declaredFolders();
  const { findings } = checkFolders(declared.includes(folder) ? declared : [folder]);
  return findings.filter(({ file }) => file === nameOf(folder));
}

/** Checks the declarations in folders, each by itself and all beside each other. */
export function checkFolders(folders: readonly string[]): Checked {
  const files = folders.map(readFolder);
  const findings = files.flatMap((file) =>
    [...file.problems, ...neighbourProblems(file, files)]
      .map((each) => finding(file, each))
      .sort((one, other) => one.line - other.line || one.column - other.column),
  );
  const datasets = files.flatMap(({ dataset }) => dataset ?? []);
  return { datasets: datasets.sort((one, other) => (one.name < other.name ? -1 : 1)), findings };
}

interface DeclaredFile {
  readonly folder: string;
  readonly file: string;
  readonly source: Source;
  readonly problems: readonly (Problem | { readonly offset: number; readonly message: string })[];
  /** Undefined where the declaration does not fit its schema. */
  readonly dataset: Dataset | undefined;
}

function readFolder(folder: string): DeclaredFile {
  const source = new Source(readFileSync(join(folder, "dataset.json"), "utf8"));
  const found = { folder, file: nameOf(folder), source };
  if (source.document === undefined) return { ...found, problems: source.problems, dataset: undefined };
  const { declaration, problems = [] } = readDeclaration(source.document);
  const surroundings = { folder: basename(folder), hasTransform: existsSync(join(folder, "transform.sql")) };
  return {
    ...found,
    problems: [...source.problems, ...problems, ...brokenRules(source.document, surroundings)],
    dataset: declaration && datasetOf(declaration, versionOf(folder).version),
  };
}

/** Finds what a dataset has in common with others: a name, or files. */
function neighbourProblems({ folder, dataset }: DeclaredFile, files: readonly DeclaredFile[]): Problem[] {
  if (dataset === undefined || folder.startsWith(PLATFORM)) return [];
  return files.flatMap((other) => {
    if (other.dataset === undefined || other.folder === folder) return [];
    const { name, prefix, pipeline } = other.dataset;
    const where = `${relative(ROOT, other.folder)} (${prefix})`;
    if (name === dataset.name)
      return [problem(["name"], `one that ${relative(ROOT, other.folder)} has not`, name)];
    if (dataset.prefix.startsWith(prefix))
      return [problem(["prefix"], `one outside of ${where}`, dataset.prefix)];
    const processed = processedPrefix(prefix);
    if (
      pipeline === "ledger" &&
      (dataset.prefix.startsWith(processed) || processed.startsWith(dataset.prefix))
    )
      return [problem(["prefix"], apartFrom(processed), dataset.prefix)];
    // a smoke test may run in the midst of a team's files, where the same pipeline takes both
    const isSmoke = other.folder.startsWith(PLATFORM) && pipeline === dataset.pipeline;
    const holds = prefix.startsWith(dataset.prefix) && !isSmoke;
    return holds ? [problem(["prefix"], `one that does not hold ${where}`, dataset.prefix)] : [];
  });
}

/** Path of a declaration as messages show it: below the checkout, or else the whole. */
function nameOf(folder: string): string {
  const path = join(folder, "dataset.json");
  return path.startsWith(ROOT + sep) ? relative(ROOT, path) : path;
}

function finding({ file, source }: DeclaredFile, found: DeclaredFile["problems"][number]): Finding {
  const place = "path" in found ? source.placeOf(found) : source.placeAt(found.offset);
  return { file, ...place, message: found.message };
}
