import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { eventually } from "../support/local-platform";

const ROOT = join(__dirname, "..", "..");
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tributary-start-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("npm start", () => {
  test("accounts for every row of the samples and reports the figures", async () => {
    const report = join(folder, "report.json");
    const { code, output } = await ended(start("--output", join(folder, "run"), "--report", report));
    expect({ code, output }).toMatchObject({ code: 0 });
    const { pipelines, steps, seconds } = JSON.parse(readFileSync(report, "utf8"));
    expect(pipelines.csv).toMatchObject({ files: 5, lost: 0, duplicated: 0, runs: 1 });
    expect(pipelines.csv.rowsIn).toBe(pipelines.csv.rowsOut + pipelines.csv.deadLetters);
    expect(steps.map((step: { name: string }) => step.name)).toContain("deploy of five stacks");
    expect(seconds).toBeGreaterThan(0);
    expect(output).toContain("every row is accounted for");
    expect(processesNaming(folder)).toEqual([]);
  }, 300_000);

  test("leaves no process and no half-written file behind after Ctrl-C in mid-deploy", async () => {
    const run = join(folder, "run");
    const child = start("--output", run);
    await eventually(
      "terraform at work",
      120,
      async () =>
        existsSync(join(run, "deploy.log")) &&
        /Creating\.\.\./.test(readFileSync(join(run, "deploy.log"), "utf8")),
    );
    child.kill("SIGINT");
    const { code } = await ended(child);
    expect(code).toBe(130);
    expect(processesNaming(folder)).toEqual([]);
    expect(existsSync(join(run, "cdktf.out"))).toBe(false);
  }, 200_000);

  test.each([
    ["an input folder that does not exist", ["--input", "no/such/folder"], /no\/such\/folder is no folder/],
    ["an input folder without CSV files", ["--input", "docs/decisions"], /holds no \.csv or \.csv\.gz file/],
  ])(
    "refuses %s by name before anything is started",
    async (_, words, message) => {
      const { code, output } = await ended(start("--output", join(folder, "run"), ...words));
      expect(code).toBe(1);
      expect(output).toMatch(message);
      expect(existsSync(join(folder, "run"))).toBe(false);
    },
    30_000,
  );
});

function start(...words: readonly string[]): ChildProcess {
  return spawn(process.execPath, ["--import", "tsx", "local/start.ts", ...words], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function ended(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const [code] = await once(child, "close");
  return { code, output };
}

/** Processes that carry this run's folder in their arguments. */
function processesNaming(text: string): string[] {
  return execFileSync("ps", ["-A", "-o", "args="], { encoding: "utf8" })
    .split("\n")
    .filter((row) => row.includes(text));
}
