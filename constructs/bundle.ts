/** Lambda bundles: each handler with its SDK clients in one minified file, built once a process. */
import { readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { buildSync } from "esbuild";
import { writeGenerated, zip } from "./archive";

const ROOT = resolve(__dirname, "..");
const HANDLERS = join(ROOT, "handlers");

/** Bytes of `index.js` of each handler, by the handler's name. */
let built: ReadonlyMap<string, Uint8Array> | undefined;

/** All handlers as JavaScript, by name. */
export function handlerBundles(): ReadonlyMap<string, Uint8Array> {
  built ??= buildHandlers();
  return built;
}

/**
 * Archive with the handler's bundle as `index.js`.
 * @returns the archive's absolute path
 * @throws Error when handlers/ has no such file
 */
export function bundleArchive(name: string): string {
  const code = handlerBundles().get(name);
  if (code === undefined) throw new Error(`no handler ${JSON.stringify(name)}; create handlers/${name}.ts`);
  return writeGenerated(`${name}.zip`, zip([{ name: "index.js", content: code }]));
}

function buildHandlers(): ReadonlyMap<string, Uint8Array> {
  const files = readdirSync(HANDLERS).filter((file) => file.endsWith(".ts"));
  const result = buildSync({
    absWorkingDir: ROOT,
    entryPoints: files.map((file) => join("handlers", file)),
    outdir: "bundles",
    write: false,
    bundle: true,
    minify: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    // the SDK's ES modules can be tree-shaken, its CommonJS cannot
    mainFields: ["module", "main"],
    // Lambda hands out credentials as variables: the other providers of the default chain are dead weight
    // and S3's event streams serve SelectObjectContent alone
    alias: {
      "@aws-sdk/credential-provider-node": join(HANDLERS, "shared", "environment-credentials.ts"),
      "@smithy/core/event-streams": join(HANDLERS, "shared", "no-event-streams.ts"),
    },
    legalComments: "none",
    logLevel: "silent",
  });
  return new Map(result.outputFiles.map((file) => [basename(file.path, ".js"), file.contents]));
}
