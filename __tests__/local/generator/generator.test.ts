import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { PYTHONPATH } from "../../../setup/paths";
import { ensurePython } from "../../../setup/python";
import { outcomeOf } from "../../support/outcome";

let folder: string;
let python: string;

beforeAll(async () => {
  ({ python } = await ensurePython("run", () => undefined));
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tributary-generator-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

test("writes files of the size, with the names, in lines that are all good", async () => {
  const { bytes, lines, dirty } = await generate(
    "--count",
    "3",
    "--size",
    "100kB",
    "--dates",
    "2026-01-30,2026-01-31",
  );
  expect(readdirSync(folder)).toEqual([
    "2026-01-30-clicks-000000.ndjson",
    "2026-01-30-clicks-000002.ndjson",
    "2026-01-31-clicks-000001.ndjson",
  ]);
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  expect(texts.join("").length).toBeLessThanOrEqual(bytes);
  for (const name of readdirSync(folder)) {
    expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(100_000);
    expect(statSync(join(folder, name)).size).toBeGreaterThan(99_000);
  }
  const rows = texts.flatMap((text) => text.trimEnd().split("\n")).map((line) => JSON.parse(line));
  expect([rows.length, dirty]).toEqual([lines, 0]);
  expect(new Set(rows.map((row) => row.event_id)).size).toBe(lines);
});

test("writes the same bytes for the same options, and others for another seed", async () => {
  const all = ["--count", "2", "--size", "50kB", "--dirty", "0.1", "--gzip", "0.5"];
  const digests = [];
  for (const seed of ["1", "1", "2"]) {
    await generate(...all, "--seed", seed, "--force");
    digests.push(digestsOf(folder));
  }
  expect(digests[1]).toEqual(digests[0]);
  expect(digests[2]?.[0]).not.toBe(digests[0]?.[0]);
});

test("breaks the share of lines that was asked for", async () => {
  const { lines, dirty } = await generate("--count", "1", "--size", "1MB", "--dirty", "0.1");
  expect(dirty / lines).toBeCloseTo(0.1, 1);
  const text = readFileSync(join(folder, "2026-01-31-clicks-000000.ndjson"));
  const broken = text
    .toString("latin1")
    .split("\n")
    .filter((line) => line.trim() !== "" && !isObject(line));
  // Three of six kinds are JSON objects to a lax reader.
  expect(broken.length).toBeGreaterThan(dirty / 4);
});

test("compresses to the size, and cuts off what is to be corrupt", async () => {
  await generate("--count", "2", "--size", "1MB", "--gzip", "1", "--corrupt", "1");
  const [good = "", corrupt = ""] = readdirSync(folder).map((name) => join(folder, name));
  expect(statSync(good).size / 1_000_000).toBeCloseTo(1, 1);
  expect(gunzipSync(readFileSync(good)).toString().endsWith("}\n")).toBe(true);
  expect(statSync(corrupt).size).toBe(1_000_000);
  expect(() => gunzipSync(readFileSync(corrupt))).toThrow();
});

test("gives the last files wrong names and sizes", async () => {
  await generate("--count", "8", "--size", "10kB", "--wrong-names", "4", "--wrong-sizes", "2");
  expect(readdirSync(folder).filter((name) => !name.startsWith("2026-01-31-"))).toEqual([
    "1999-12-31-clicks-000004.ndjson",
    "2026-02-30-clicks-000003.ndjson",
    "31-01-2026-clicks-000005.ndjson",
    "clicks-000002.ndjson",
  ]);
  const sizes = [6, 7].map(
    (number) => statSync(join(folder, `2026-01-31-clicks-00000${number}.ndjson`)).size,
  );
  expect(sizes.map((size) => Math.round(size / 1000))).toEqual([5, 15]);
});

test("refuses a folder that holds files, and takes it by --force", async () => {
  writeFileSync(join(folder, "mine.txt"), "");
  const words = ["ndjson", "--count", "1", "--size", "10kB", "--out", folder];
  expect(await run(words)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/holds files already.*--force/),
  });
  expect(readdirSync(folder)).toEqual(["mine.txt"]);
  expect(await run([...words, "--force"])).toMatchObject({ code: 0 });
});

test.each([
  [
    ["--size", "huge"],
    /argument --size: expected a size of 1kB or more, such as 3.5MB, 500kB or 1GiB, got "huge"\n$/,
  ],
  [["--size", "1"], /argument --size: expected a size of 1kB or more, .*, got "1"\n$/],
  [["--dirty", "1.5"], /argument --dirty: expected a number from 0 to 1, got "1.5"\n$/],
  [["--count", "-1"], /argument --count: expected a whole number of 0 or more, got "-1"\n$/],
  [
    ["--dates", "2026-02-30"],
    /argument --dates: expected dates separated by commas, such as .*, got "2026-02-30"\n$/,
  ],
  [["--wrong-names", "2"], /--wrong-sizes and --corrupt together: expected at most 1 \(--count\), got 2\n$/],
])("names what is wrong with %j", async (words, message) => {
  const { code, stderr } = await run(["ndjson", "--count", "1", "--out", folder, ...words]);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) });
});

async function generate(
  ...words: readonly string[]
): Promise<{ bytes: number; lines: number; dirty: number }> {
  const { stdout, stderr } = await run(["ndjson", "--out", folder, "--json", ...words]);
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

function run(words: readonly string[]) {
  return outcomeOf([python, "-m", "local.generator", ...words], folder, { PYTHONPATH });
}

function digestsOf(path: string): string[] {
  return readdirSync(path).map((name) =>
    createHash("sha256")
      .update(readFileSync(join(path, name)))
      .digest("hex"),
  );
}

function isObject(line: string): boolean {
  try {
    return !Array.isArray(JSON.parse(line));
  } catch {
    return false;
  }
}
