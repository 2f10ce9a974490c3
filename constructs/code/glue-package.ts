/** Files that a Glue job runs: its script, the shared package, and the wheels that both need. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { type ArchiveEntry, contentHash, writeGenerated, zip } from "./archive";
import type { CodeFile } from "./code-object";
import { ROOT, WORKING_FOLDER } from "./paths";

const GLUE = join(ROOT, "glue");
const WHEEL_FOLDER = join(WORKING_FOLDER, "wheels");

export interface Wheel {
  readonly file: string;
  readonly sha256: string;
}

/** Script of a job in glue/jobs/. */
export function jobScript(job: string): CodeFile {
  const path = join(GLUE, "jobs", `${job}.py`);
  return { name: `${job}.py`, sha256: contentHash(readFileSync(path)), path };
}

/** Files of a dataset that are its declaration. */
const DECLARATION = ["dataset.json", "transform.sql"];

let packaged: CodeFile | undefined;

/** Builds the package `tributary` as an archive for `--extra-py-files`, once a process. */
export function tributaryPackage(): CodeFile {
  packaged ??= buildPackage();
  return packaged;
}

/**
 * Wheels of the locked dependencies, as glue/wheels.json lists them; deploying downloads them to
 * .tributary/wheels.
 *
 * @throws Error when there is no list
 */
export function lockedWheels(): CodeFile[] {
  const list = join(GLUE, "wheels.json");
  if (!existsSync(list)) throw new Error("glue/wheels.json is missing; it lists the wheels of the Glue jobs");
  const wheels = JSON.parse(readFileSync(list, "utf8")) as Wheel[];
  return wheels.map(({ file, sha256 }) => ({ name: file, sha256, path: join(WHEEL_FOLDER, file) }));
}

/**
 * Wheel of the native library, which deploying builds to .tributary/wheels. Its key is the hash of its
 * inputs, for sources, script, compiler and version decide its bytes.
 */
export function nativeWheel(glue: string = GLUE): CodeFile {
  const project = readFileSync(join(glue, "pyproject.toml"), "utf8");
  const [compiler] = /ziglang==[\d.]+/.exec(project) ?? [""];
  const [, version] = /^version = "(.+)"$/m.exec(project) ?? [];
  const sources = readdirSync(join(glue, "native"))
    .filter((name) => /\.(py|zig)$/.test(name))
    .map((name) => ({ name, content: readFileSync(join(glue, "native", name)) }));
  const inputs = zip([...sources, { name: "compiler", content: Buffer.from(compiler) }]);
  const name = `tributary_native-${version}-py3-none-manylinux_2_17_x86_64.whl`;
  return { name, sha256: contentHash(inputs), path: join(WHEEL_FOLDER, name) };
}

function buildPackage(): CodeFile {
  const archive = zip([
    ...filesBelow(join(GLUE, "tributary"), "tributary"),
    ...declarations(),
    declarationSchema(),
  ]);
  const name = "tributary.zip";
  return { name, sha256: contentHash(archive), path: writeGenerated(name, archive) };
}

/** Declarations of datasets, where `tributary.datasets` looks for them first; what else a team keeps there stays at home. */
function declarations(): ArchiveEntry[] {
  const datasets = join(ROOT, "datasets");
  return readdirSync(datasets, { recursive: true, encoding: "utf8" })
    .map((path) => path.split(sep))
    .filter(([, file = "", ...deeper]) => DECLARATION.includes(file) && deeper.length === 0)
    .map((path) => ({
      name: ["tributary/datasets/declared", ...path].join("/"),
      content: readFileSync(join(datasets, ...path)),
    }));
}

/** The JSON Schema of declarations, where `tributary.datasets` looks for it first. */
function declarationSchema(): ArchiveEntry {
  const name = "dataset.schema.json";
  return { name: `tributary/datasets/${name}`, content: readFileSync(join(ROOT, "docs", name)) };
}

/** Reads the files of a folder as the entries of an archive below `place`. */
function filesBelow(folder: string, place: string): ArchiveEntry[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(py|sql|json|typed)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes(`${sep}__pycache__${sep}`))
    .map((path) => ({
      name: [place, ...relative(folder, path).split(sep)].join("/"),
      content: readFileSync(path),
    }));
}
