/**
 * Programs as JavaScript, compiled once until a file of theirs changes. The operator's command is in files that hold what one
 * subcommand needs: help then takes hardly longer than Node itself, and no answer waits for what it does not ask. Loaded as
 * TypeScript, `--help` took 0.8 s; a synthesis takes two thirds of the CPU that it would.
 */
const { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } = require("node:fs");
const { dirname, join } = require("node:path");

const ROOT = join(__dirname, "..");
/** What each program begins with, and how it is compiled: small, or so that an error names a line of its source. */
const PROGRAMS = {
  command: { entryPoints: ["cli/operator/main.ts"], minifySyntax: true, minifyWhitespace: true },
  synthesis: { entryPoints: ["main.ts"], sourcemap: "linked", sourcesContent: false },
};
/** Names the file that was compiled last, and those that it is made of. */
const CURRENT = "current.json";
/** Inputs that no import names. */
const ALWAYS = ["cli/compiled.js", "node_modules/.package-lock.json"];
/** A program that runs may still load parts of an older one. */
const KEPT_MILLISECONDS = 24 * 3600 * 1000;

/**
 * Path of a compiled program; compiles it first where a file of it has changed.
 *
 * @param {keyof typeof PROGRAMS} program
 * @returns {Promise<string>}
 */
async function compiled(program) {
  const folder = join(ROOT, ".tributary", program);
  return currentMain(folder) ?? (await compile(folder, PROGRAMS[program]));
}

function currentMain(folder) {
  try {
    const { root, main, stamps } = JSON.parse(readFileSync(join(folder, CURRENT), "utf8"));
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

async function compile(folder, options) {
  const { build } = require("esbuild");
  const outdir = join(folder, `${Date.now()}-${process.pid}`);
  const began = Date.now();
  const { metafile } = await build({
    absWorkingDir: ROOT,
    ...options,
    outdir,
    bundle: true,
    // it finds its own program beside itself
    external: ["esbuild"],
    splitting: true,
    format: "esm",
    outExtension: { ".js": ".mjs" },
    platform: "node",
    target: "node20",
    // the SDK's ES modules can be tree-shaken, its CommonJS cannot
    mainFields: ["module", "main"],
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
  keep(folder, main, [...files, ...ALWAYS], began);
  removeOld(folder);
  return main;
}

/** Lets the next calls take `main`, unless a file of it was edited meanwhile. */
function keep(folder, main, files, began) {
  if (files.some((file) => statSync(join(ROOT, file)).mtimeMs >= began)) return;
  const stamps = Object.fromEntries(files.map((file) => [file, stampOf(file)]));
  const partial = join(dirname(main), CURRENT);
  writeFileSync(partial, JSON.stringify({ root: ROOT, main, stamps }));
  renameSync(partial, join(folder, CURRENT));
}

/**
 * Leaves every file the place that it knows itself in: the compiled one is elsewhere. Each has an export, for one
 * without counts as CommonJS here, and all that it imports would be whole packages, loaded one in the other.
 */
const sources = {
  name: "sources",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      loader: "ts",
      contents: `${placed(readFileSync(path, "utf8"), path)}\nexport {};\n`,
    }));
  },
};

function placed(text, path) {
  return text
    .replaceAll("__dirname", JSON.stringify(dirname(path)))
    .replaceAll("__filename", JSON.stringify(path));
}

function removeOld(folder) {
  for (const name of readdirSync(folder)) {
    const began = Number(name.split("-")[0]);
    if (began < Date.now() - KEPT_MILLISECONDS) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

module.exports = { compiled };
