import { join } from "node:path";
import { askPythonModule } from "../process/python-module";

/** Files for the manifests pipeline where the user gives none: folders, in this order. */
export interface GeneratedFiles {
  /** Files with good and dirty lines, one of them compressed, and four that are to be quarantined whole. */
  readonly first: string;
  /** A file of `first` by name, with other content. */
  readonly replaced: string;
  readonly bytes: number;
}

const DIRTY = ["--size", "3.5MB", "--dirty", "0.01"];
const DATES = ["--dates", "2026-01-30,2026-01-31"];
const FIRST = [
  "--count",
  "12",
  "--gzip",
  "0.2",
  "--wrong-names",
  "2",
  "--wrong-sizes",
  "1",
  "--corrupt",
  "1",
];

/** Writes the sample files of the manifests pipeline, the same ones every time, below `folder`. */
export async function generateFiles(
  python: string,
  folder: string,
  signal: AbortSignal,
): Promise<GeneratedFiles> {
  const [first, replaced] = [join(folder, "first"), join(folder, "replaced")];
  const bytes = await Promise.all([
    generate(python, ["--out", first, "--seed", "1", ...DIRTY, ...DATES, ...FIRST], signal),
    generate(python, ["--out", replaced, "--seed", "2", ...DIRTY, ...DATES, "--count", "1"], signal),
  ]);
  return { first, replaced, bytes: bytes.reduce((sum, each) => sum + each, 0) };
}

async function generate(python: string, words: readonly string[], signal: AbortSignal): Promise<number> {
  const generator = ["ndjson", "--json", ...words];
  const { bytes } = await askPythonModule<{ bytes: number }>("local.generator", generator, {
    python,
    signal,
  });
  return bytes;
}
