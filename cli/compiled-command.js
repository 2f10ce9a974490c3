/**
 * The operator's command as JavaScript, in files that hold what one subcommand needs: help then takes hardly longer
 * than Node itself, and no answer waits for what it does not ask. Loaded as TypeScript, `--help` took 0.8 s.
 */
const { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } = require("node:fs");
const { dirname, join } = require("node:path");

const ROOT = join(__dirname, "..");
const FOLDER = join(ROOT, ".tributary", "command");
/** What was compiled last, and of which files. */
const CURRENT = join(FOLDER, "current.json");
/** Inputs that no import names. */
const ALWAYS = ["cli/compiled-command.js", "node_modules/.package-lock.json"];
/** A command that runs may still load parts of an older one. */
const KEPT_MILLISECONDS = 24 * 3600 * 1000;

/**
 * Path of the compiled command; compiles it first where a file of it has changed.
 *
 * @returns {Promise<string>}
 */
async function compiledCommand() {
  return currentMain() ?? (await compile());
}

function currentMain() {
  try {
    const { root, main, stamps } = JSON.parse(readFileSync(CURRENT, "utf8"));
    const isCurrent =
      root === ROOT && Object.entries(stamps).every(([file, stamp]) => stampOf(file) === stamp);
    return isCurrent && statSync(main).isFile() ? main : undefined;
  } catch (error) {
    if (error.code === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function stampOf(file) {
  const { size, mtimeMs } = statSync(join(ROOT, file));
  return `${size} ${mtimeMs}`;
}

async function compile() {
  const { build } = require("esbuild");
  const outdir = join(FOLDER, `${Date.now()}-${process.pid}`);
  const began = Date.now();
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["cli/operator/main.ts"],
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    outExtension: { ".js": ".mjs" },
    platform: "node",
    target: "node20",
    // the SDK's ES modules can be tree-shaken, its CommonJS cannot
    mainFields: ["module", "main"],
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    metafile: true,
    logLevel: "error",
    plugins: [sources],
    // packages in CommonJS ask for modules of Node
    banner: {
      js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
    },
  });
  const main = join(outdir, "main.mjs");
  const files = Object.keys(metafile.inputs).filter((file) => !file.startsWith("node_modules/"));
  keep(main, [...files, ...ALWAYS], began);
  removeOld();
  return main;
}

/** Lets the next calls take `main`, unless a file of it was edited meanwhile. */
function keep(main, files, began) {
  if (files.some((file) => statSync(join(ROOT, file)).mtimeMs >= began)) return;
  const stamps = Object.fromEntries(files.map((file) => [file, stampOf(file)]));
  const partial = join(dirname(main), "current.json");
  writeFileSync(partial, JSON.stringify({ root: ROOT, main, stamps }));
  renameSync(partial, CURRENT);
}

/**
 * Leaves every file the folder that it knows itself in: the compiled one is elsewhere. Each has an export, for one
 * without counts as CommonJS here, and all that it imports would be whole packages, loaded one in the other.
 */
const sources = {
  name: "sources",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      loader: "ts",
      contents: `${readFileSync(path, "utf8").replaceAll("__dirname", JSON.stringify(dirname(path)))}\nexport {};\n`,
    }));
  },
};

function removeOld() {
  for (const name of readdirSync(FOLDER)) {
    const began = Number(name.split("-")[0]);
    if (began < Date.now() - KEPT_MILLISECONDS) rmSync(join(FOLDER, name), { recursive: true, force: true });
  }
}

module.exports = { compiledCommand };
