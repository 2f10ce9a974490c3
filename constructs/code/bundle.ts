/** Lambda bundles: each handler with its SDK clients in one minified file, built when its inputs changed. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type BuildOptions, buildSync } from "esbuild";
import { DECLARED_FILE } from "../../runtime/declared";
import { type ArchiveEntry, writeGenerated, zip } from "./archive";
import { ROOT, WORKING_FOLDER } from "./paths";

const HANDLERS = join(ROOT, "handlers");
const RUNTIME = join(ROOT, "runtime");
/** Inputs of a bundle: folders, and the endings of their files. */
const INPUTS = [
  [HANDLERS, ".ts"],
  [RUNTIME, ".ts"],
  [join(ROOT, "glue", "tributary", "manifests"), ".schema.json"],
  [join(ROOT, "glue", "tributary", "ledger"), ".json"],
] as const;
/**
 * Files that a function reads in addition to its code, by the function's name: a folder here, and one in the
 * archive.
 */
const COMPANIONS: Readonly<Record<string, { from: string; to: string }>> = {
  "ledger-migrator": { from: join(RUNTIME, "ledger", "migrations", "sql"), to: "sql" },
};
const CACHE = join(WORKING_FOLDER, "bundles");

const OPTIONS = {
  absWorkingDir: ROOT,
  outdir: "bundles",
  bundle: true,
  minify: true,
  platform: "node",
  target: "node22",
  format: "cjs",
  // the SDK's ES modules can be tree-shaken, its CommonJS cannot
  mainFields: ["module", "main"],
  alias: {
    "@aws-sdk/credential-provider-node": join(RUNTIME, "aws", "environment-credentials.ts"),
    "@aws-sdk/credential-providers": join(RUNTIME, "aws", "environment-credentials.ts"),
    "@smithy/core/event-streams": join(RUNTIME, "aws", "no-event-streams.ts"),
  },
  // pg loads it only where NODE_PG_FORCE_NATIVE asks for it
  external: ["pg-native"],
  legalComments: "none",
  logLevel: "silent",
} as const satisfies BuildOptions;

type Bundles = ReadonlyMap<string, Uint8Array>;

let bundles: Bundles | undefined;

/** Bundles all handlers as JavaScript, by the name of their file. */
export function handlerBundles(): Bundles {
  bundles ??= cachedBundles();
  return bundles;
}

const archives = new Map<string, string>();

/**
 * Builds the archive with the handler's bundle as `index.js`, the files that it reads, and what it is to know of the
 * declared datasets.
 *
 * @returns the archive's absolute path
 * @throws Error when handlers/ has no such file
 */
export function bundleArchive(name: string, declared?: object): string {
  const text = JSON.stringify(declared);
  const known = archives.get(`${name} ${text}`);
  if (known !== undefined) return known;
  const code = handlerBundles().get(name);
  if (code === undefined) {
    throw new Error(`${JSON.stringify(name)} is not a handler; create handlers/${name}.ts`);
  }
  const entries = [
    { name: "index.js", content: code },
    ...(text === undefined ? [] : [{ name: DECLARED_FILE, content: Buffer.from(text) }]),
    ...companions(name),
  ];
  const path = writeGenerated(`${name}.zip`, zip(entries));
  archives.set(`${name} ${text}`, path);
  return path;
}

function companions(name: string): ArchiveEntry[] {
  const companion = COMPANIONS[name];
  if (companion === undefined) return [];
  const { from, to } = companion;
  return readdirSync(from).map((file) => ({
    name: `${to}/${file}`,
    content: readFileSync(join(from, file)),
  }));
}

function cachedBundles(): Bundles {
  const folder = join(CACHE, inputsHash());
  if (!existsSync(folder)) keep(folder, buildHandlers());
  return new Map(
    readdirSync(folder).map((file) => [basename(file, ".js"), readFileSync(join(folder, file))]),
  );
}

/** Hashes all inputs of a bundle: code, schemas, the installed packages, and this file with its options. */
function inputsHash(): string {
  const hash = createHash("sha256");
  for (const [folder, ending] of INPUTS) {
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    for (const file of files.filter((name) => name.endsWith(ending)).sort())
      hash.update(`${file}\0`).update(readFileSync(join(folder, file)));
  }
  const installed = join(ROOT, "node_modules", ".package-lock.json");
  return hash.update(readFileSync(installed)).update(readFileSync(__filename)).digest("hex");
}

/** Stores the bundles completely or not at all: two processes may build the same ones. */
function keep(folder: string, built: Bundles): void {
  const partial = `${folder}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  for (const [name, code] of built) writeFileSync(join(partial, `${name}.js`), code);
  try {
    renameSync(partial, folder);
  } catch (error) {
    rmSync(partial, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
}

function buildHandlers(): Bundles {
  const files = readdirSync(HANDLERS).filter((file) => file.endsWith(".ts"));
  const result = buildSync({
    ...OPTIONS,
    write: false,
    entryPoints: files.map((file) => join("handlers", file)),
  });
  return new Map(result.outputFiles.map((file) => [basename(file.path, ".js"), file.contents]));
}
