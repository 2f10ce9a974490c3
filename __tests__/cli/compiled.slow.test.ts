import { execFile } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ROOT } from "../../setup/paths";

const run = promisify(execFile);
let root = "";

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "tributary-command-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A checkout whose operator's command prints `text`, and says in which folder it is. */
function checkout(name: string, text: string): string {
  const folder = join(root, name);
  for (const file of ["cli/tributary.js", "cli/compiled.js"]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(ROOT, file), join(folder, file));
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  write(folder, "cli/operator/main.ts", 'import { text } from "../text";\nconsole.log(text, __dirname);\n');
  write(folder, "cli/text.ts", `export const text: string = ${JSON.stringify(text)};\n`);
  return folder;
}

function write(folder: string, file: string, content: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), content);
}

async function said(folder: string): Promise<string> {
  const { stdout } = await run(process.execPath, ["cli/tributary.js"], { cwd: folder });
  return stdout.trim();
}

function compiled(folder: string): string[] {
  return readdirSync(join(folder, ".tributary", "command")).filter((name) => name !== "current.json");
}

describe("the compiled command", () => {
  test("is compiled once, and knows the folders of its sources", async () => {
    const folder = checkout("once", "hello");
    expect(await said(folder)).toBe(`hello ${join(folder, "cli", "operator")}`);
    expect(await said(folder)).toBe(`hello ${join(folder, "cli", "operator")}`);
    expect(compiled(folder)).toHaveLength(1);
  });

  test("is compiled again where a file of it was edited, or the checkout was moved", async () => {
    const folder = checkout("edited", "before");
    await said(folder);
    write(folder, "cli/text.ts", 'export const text = "after";\n');
    expect(await said(folder)).toMatch(/^after /);
    const moved = join(root, "moved");
    renameSync(folder, moved);
    expect(await said(moved)).toBe(`after ${join(moved, "cli", "operator")}`);
  });

  test("fails where a file of it cannot be compiled, and does not fall back on what it was", async () => {
    const folder = checkout("broken", "good");
    await said(folder);
    write(folder, "cli/text.ts", "export const text = ;\n");
    await expect(said(folder)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("cli/text.ts:1:20"),
    });
  });

  test("serves two that begin at once", async () => {
    const folder = checkout("two", "both");
    const both = await Promise.all([said(folder), said(folder)]);
    expect(both.map((text) => text.split(" ")[0])).toEqual(["both", "both"]);
    expect(await said(folder)).toMatch(/^both /);
  });

  test("names in the error of a synthesis the line of its source", async () => {
    const folder = checkout("failing", "unused");
    cpSync(join(ROOT, "cli", "synthesize.js"), join(folder, "cli", "synthesize.js"));
    write(folder, "main.ts", 'import { broken } from "./stack";\nbroken();\n');
    write(folder, "stack.ts", 'export function broken(): void {\n  throw new Error("no such stack");\n}\n');
    await expect(run(process.execPath, ["cli/synthesize.js"], { cwd: folder })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/Error: no such stack\n.*stack\.ts:2:9/),
    });
  });

  test("loads neither AWS's clients nor the settings' schema before a subcommand runs", async () => {
    const { stdout } = await run(process.execPath, ["cli/tributary.js", "--help"], { cwd: ROOT });
    expect(stdout).toMatch(/^Usage: tributary/);
    const { main } = JSON.parse(readFileSync(join(ROOT, ".tributary", "command", "current.json"), "utf8"));
    const parts = [...loadedWith(main)].map((path) => readFileSync(path, "utf8"));
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    const [clients, schema] = [/@aws-sdk|smithy/, /strictObject/];
    expect(
      parts.filter((part) => clients.test(part) || schema.test(part)).map((part) => part.slice(0, 100)),
    ).toEqual([]);
    expect(size).toBeLessThan(200_000);
  });

  test.each([
    ["status", ["status"]],
    ["files", ["files", "--status", "failed"]],
    ["describe", ["describe", "input/customers/a.csv"]],
  ])("loads for an answer of %s no other subcommand's work", async (name, words) => {
    const loaded = await partsOf(words);
    const works = loaded.map(({ file }) => file.replace(/-[A-Z0-9]{8}\.mjs$/, ""));
    expect(works).toEqual(expect.arrayContaining(["main.mjs", "run", name]));
    const others = [
      "doctor",
      "smoke",
      "reprocess",
      "redrive",
      "logs",
      "costs",
      "scale",
      "columns",
      "explain",
    ];
    expect(works.filter((each) => others.includes(each))).toEqual([]);
    expect(loaded.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(2_400_000);
  });
});

/** The compiled files that a command loads until AWS has said whose credentials these are, and nothing else. */
async function partsOf(words: readonly string[]): Promise<{ file: string; bytes: number }[]> {
  const identity =
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>000000000000</Account>" +
    "</GetCallerIdentityResult></GetCallerIdentityResponse>";
  const server = createServer((request, response) => {
    const isIdentity = request.url === "/" && request.headers["x-amz-target"] === undefined;
    response.writeHead(isIdentity ? 200 : 400, { "content-type": "text/xml" });
    response.end(isIdentity ? identity : "");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const tell =
    "export async function load(url, ...rest) { process._rawDebug('loaded ' + url); return rest[1](url, rest[0]); }";
  const hooks = `import { register } from "node:module"; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(tell)}`)});`;
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: "x",
    AWS_SECRET_ACCESS_KEY: "x",
    AWS_MAX_ATTEMPTS: "1",
    TRIBUTARY_ENVIRONMENT: "local",
  };
  const command = [
    "--import",
    `data:text/javascript,${encodeURIComponent(hooks)}`,
    "cli/tributary.js",
    ...words,
  ];
  try {
    const said = await run(process.execPath, command, { cwd: ROOT, env }).catch((failure) => failure);
    const paths = [...said.stderr.matchAll(/^loaded file:\/\/(.*\.tributary\/command\/.*)$/gm)];
    return paths.map(([, path = ""]) => ({ file: basename(path), bytes: statSync(path).size }));
  } finally {
    server.close();
  }
}

/** The compiled files that are loaded before any is asked for by `import()`. */
function loadedWith(path: string, seen = new Set<string>()): Set<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  const imports = readFileSync(path, "utf8").matchAll(/(?:\bfrom|\bimport)\s*"(\.\/[^"]+\.mjs)"/g);
  for (const [, file = ""] of imports) loadedWith(join(dirname(path), file), seen);
  return seen;
}
