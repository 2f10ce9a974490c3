import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { differingFiles, valueDigest } from "../../cli/plan/binding";
import { ROOT } from "../../setup/paths";
import { Checkout } from "../support/checkout";

const CDKTF = "0.21.0";
const CDKTN = "0.24.0";
const BINDINGS = "@cdktf/provider-aws";

const checkout = new Checkout();
afterAll(() => checkout.remove());

/** What may import cdktf, by the rule in biome.json. */
function sources(): string[] {
  const inFolders = ["stacks", "constructs"].flatMap((folder) =>
    readdirSync(checkout.path(folder), { recursive: true, encoding: "utf8" }).map((name) =>
      join(folder, name),
    ),
  );
  return ["main.ts", ...inFolders].filter((name) => name.endsWith(".ts")).map((name) => checkout.path(name));
}

/** Exchanges the packages and their names in imports. */
async function moveToCdktn(): Promise<void> {
  cpSync(join(__dirname, "cdktn"), checkout.path(".tributary", "cdktn"), { recursive: true });
  expect(await checkout.run("npm ci --no-audit --no-fund", ".tributary/cdktn")).toMatchObject({ code: 0 });
  const texts = sources().map((file) => [file, readFileSync(file, "utf8")] as const);
  const modules = new Set(
    texts.flatMap(([, text]) => text.match(/@cdktf\/provider-aws\/lib\/[\w-]+/g) ?? []),
  );
  exchangePackages([...modules]);
  for (const [file, text] of texts) writeFileSync(file, text.replaceAll('from "cdktf"', 'from "cdktn"'));
}

/** The bindings stay: they are of the same provider, and find `cdktn` under the name of `cdktf`. */
function exchangePackages(modules: readonly string[]): void {
  const installed = join(ROOT, "node_modules");
  const packages = checkout.path("node_modules");
  rmSync(packages);
  mkdirSync(packages);
  const exchanged = ["cdktf", "constructs", "@cdktf"];
  for (const name of readdirSync(installed).filter((each) => !exchanged.includes(each))) {
    symlinkSync(join(installed, name), join(packages, name));
  }
  const cdktn = checkout.path(".tributary", "cdktn", "node_modules");
  symlinkSync(join(cdktn, "constructs"), join(packages, "constructs"));
  for (const name of ["cdktn", "cdktf"]) symlinkSync(join(cdktn, "cdktn"), join(packages, name));
  // of 362 MB those that are used, and no links: they would find cdktf beside what they lead to
  for (const name of [`${BINDINGS}/package.json`, ...modules]) {
    cpSync(join(installed, name), join(packages, name), { recursive: true });
  }
}

/** Digest of each file that is synthesized, of JSON by what it says, with the version of the tool, `version`, taken out. */
async function synthesized(version: string, folder: string): Promise<Record<string, string>> {
  expect(await checkout.run("node cli/synthesize.js")).toMatchObject({ code: 0 });
  renameSync(checkout.path("cdktf.out"), checkout.path(folder));
  const entries = readdirSync(checkout.path(folder), { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(
    files.map((file) => [relative(checkout.path(folder), file), digestOf(file, version)]),
  );
}

function digestOf(file: string, version: string): string {
  const text = readFileSync(file, "latin1");
  if (!file.endsWith(".json")) return valueDigest(text);
  if (file.endsWith("cdk.tf.json")) expect(JSON.parse(text)["//"].metadata.version).toBe(version);
  return valueDigest(JSON.parse(text.replace(version, "")));
}

test("cdktn writes the same stacks as cdktf, under the same bindings", async () => {
  const before = await synthesized(CDKTF, "before");
  await moveToCdktn();
  const after = await synthesized(CDKTN, "after");
  expect(Object.keys(before).filter((name) => name.endsWith("cdk.tf.json"))).toHaveLength(20);
  expect(differingFiles(before, after)).toEqual([]);
});
