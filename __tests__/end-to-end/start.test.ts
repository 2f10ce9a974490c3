import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GlueClient } from "@aws-sdk/client-glue";
import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { LARGEST_BYTES } from "../../local/outcome/report/page";
import { number } from "../../local/outcome/report/table";
import { PAGE } from "../../local/outcome/report-file";
import type { Report } from "../../local/outcome/results";
import { ROOT } from "../../setup/paths";
import { expectReadable, inBrowser } from "../support/browser";
import { eventually } from "../support/eventually";
import { breakJobs, plannedSmokeTest, smokeObjects, smokeTest } from "./smoke";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tributary-start-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("npm start", () => {
  test("accounts for every row of the samples, reports the figures, and stays up until Ctrl-C", async () => {
    const report = join(folder, "report.json");
    const child = start("--keep", "--output", join(folder, "run"), "--report", report);
    let shown = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      shown += chunk.toString();
    });
    const end = ended(child);
    for (const text of ["✓ deploy of five stacks", "Ctrl-C stops it"]) {
      await eventually(`"${text}"`, () => child.exitCode !== null || shown.includes(text));
    }
    const tables = child.exitCode === null ? await tablesReachedBy(shown) : [];
    const smoke = child.exitCode === null ? await smokeTests(variablesOf(shown)) : undefined;
    child.kill("SIGINT");
    const { code, output } = await end;
    expect(code === 0 ? code : output).toBe(0);
    expect(tables).toHaveLength(5);
    expect(smoke?.planned).toMatchObject({
      applied: false,
      pipelines: [
        { pipeline: "uploads", starts: "tributary-local-uploads-job" },
        { pipeline: "manifests", starts: null },
        { pipeline: "ledger", starts: "tributary-local-ledger-batch" },
      ],
      left: [],
    });
    expect(smoke?.whole).toMatchObject({ code: 0, passed: true, left: [] });
    expect(smoke?.broken).toMatchObject({
      code: 1,
      passed: false,
      problems: {
        uploads: [
          expect.stringMatching(/^uploads: nothing will come of it: 2 runs .* FAILED: no module tributary$/),
        ],
        manifests: [],
        ledger: ["ledger: table smoke_ledger: row 2: expected once, got 0"],
      },
      left: [],
    });
    const { pipelines, steps, seconds } = JSON.parse(readFileSync(report, "utf8"));
    // on a slow machine a file may come after the first run has waited for it long enough
    expect(pipelines.uploads).toMatchObject({ files: 5, lost: 0, duplicated: 0 });
    expect(pipelines.uploads.runs).toBeGreaterThanOrEqual(1);
    expect(pipelines.uploads.rowsIn).toBe(pipelines.uploads.rowsOut + pipelines.uploads.deadLetters);
    // Fourteen versions of twelve files, three of one of them; four are to be quarantined.
    expect(pipelines.manifests).toMatchObject({ files: 14, quarantined: 4, lost: 0, duplicated: 0, runs: 1 });
    expect(pipelines.manifests.rowsIn).toBe(pipelines.manifests.rowsOut + pipelines.manifests.deadLetters);
    expect(pipelines.manifests.rowsOut).toBeGreaterThan(100_000);
    expect(pipelines.manifests.manifests).toBeGreaterThanOrEqual(3);
    expect(pipelines.ledger).toMatchObject({ files: 1808, quarantined: 1, lost: 0, duplicated: 0 });
    expect(pipelines.ledger.rowsIn).toBe(pipelines.ledger.rowsOut + pipelines.ledger.deadLetters);
    expect(pipelines.ledger.deadLetters).toBeGreaterThan(10);
    // five at least: 1,507 files, and 300 that come while these are in work
    expect(pipelines.ledger.batches).toBeGreaterThanOrEqual(4);
    expect(steps.map((step: { name: string }) => step.name)).toContain("deploy of five stacks");
    expect(seconds).toBeGreaterThan(0);
    expect(output).toContain("every row is accounted for");
    expect(output).toMatch(/^ {2}a page about it +\S+report\.html$/m);
    await expectPageOf(pipelines, seconds);
    expect(processesNaming(folder)).toEqual([]);
  });

  test("leaves no process and no half-written file behind after Ctrl-C in mid-deploy", async () => {
    const run = join(folder, "run");
    const child = start("--output", run);
    await eventually(
      "terraform at work",
      () =>
        existsSync(join(run, "deploy.log")) &&
        /Creating\.\.\./.test(readFileSync(join(run, "deploy.log"), "utf8")),
    );
    child.kill("SIGINT");
    const { code } = await ended(child);
    expect(code).toBe(130);
    expect(processesNaming(folder)).toEqual([]);
    expect(existsSync(join(run, "cdktf.out"))).toBe(false);
    const page = readFileSync(join(run, PAGE), "utf8");
    expect(page).toMatch(/<h1>Interrupted after \d+\.\d s<\/h1>/);
    expect(page).toMatch(/under way: .*deploy of five stacks/);
    expect(page).toContain('<pre class="error">SIGINT</pre>');
  });

  test("leaves a page that says at which step it failed", async () => {
    const run = join(folder, "run");
    const { code, output } = await ended(
      startWith({ TRIBUTARY_PROVIDER_MIRROR: join(folder, "no-such-mirror") }, "--output", run),
    );
    expect(code).toBe(1);
    expect(output).toMatch(/^what the run did until then: \S+report\.html$/m);
    const page = readFileSync(join(run, PAGE), "utf8");
    expect(page).toMatch(/<h1>Failed after \d+\.\d s<\/h1>/);
    expect(page).toContain("under way: Terraform and AWS provider");
    expect(page).toContain("no-such-mirror");
  });

  test.each([
    [
      "an input folder that does not exist",
      ["--input", "no/such/folder"],
      /--input: expected a folder, got ".*no\/such\/folder"/,
    ],
    [
      "an input folder without files of a dataset",
      ["--input", join(ROOT, "docs", "decisions")],
      /--input: expected a folder with files of datasets \(put each below .*\), got ".*docs\/decisions"/,
    ],
  ])("refuses %s by name before anything is started", async (_, words, message) => {
    const { code, output } = await ended(start("--output", join(folder, "run"), ...words));
    expect(code).toBe(1);
    expect(output).toMatch(message);
    expect(existsSync(join(folder, "run"))).toBe(false);
  });
});

/** The page has the figures of the report, and is readable in a browser. */
async function expectPageOf(pipelines: Report["pipelines"], seconds: number): Promise<void> {
  const file = join(folder, "run", PAGE);
  const page = readFileSync(file, "utf8");
  expect(Buffer.byteLength(page)).toBeLessThanOrEqual(LARGEST_BYTES);
  for (const [name, { files, rowsIn, rowsOut, deadLetters }] of Object.entries(pipelines)) {
    const cells = [files, rowsIn, rowsOut, deadLetters].map(
      (count) => `<td class="number">${number(count)}</td>`,
    );
    expect(page).toContain(`>${name}</th>${cells.join("")}`);
    expect(page).toContain(`${number(rowsOut)} rows</text>`);
  }
  expect(page).toContain(`<dt>duration</dt><dd>${seconds.toFixed(1)} s</dd>`);
  await inBrowser((browser) => expectReadable(browser, file));
}

function start(...words: readonly string[]): ChildProcess {
  return startWith({}, ...words);
}

/** Starts with further variables. */
function startWith(variables: NodeJS.ProcessEnv, ...words: readonly string[]): ChildProcess {
  return spawn(process.execPath, ["--import", "tsx", "local/start.ts", ...words], {
    cwd: ROOT,
    env: { ...process.env, ...variables },
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

/** The published tables, listed by a client that has nothing but the variables that a run shows. */
async function tablesReachedBy(shown: string): Promise<string[]> {
  const [, Bucket] = /s3:\/\/(\S*curated\S*?)\//.exec(shown) ?? [];
  const s3 = new S3Client(reaching(variablesOf(shown)));
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "tables/customers/" }));
  s3.destroy();
  return Contents.map(({ Key = "" }) => Key);
}

/** A smoke test of all that is deployed, and one where a job does not run and another loses a row. */
async function smokeTests(variables: Readonly<Record<string, string>>) {
  const [s3, glue] = [
    new S3Client({ ...reaching(variables), forcePathStyle: true }),
    new GlueClient({ ...reaching(variables), endpoint: variables["AWS_ENDPOINT_URL_GLUE"] ?? "" }),
  ];
  const planned = { ...Object(await plannedSmokeTest(variables)), left: await smokeObjects(s3) };
  const whole = { ...(await smokeTest(variables)), left: await smokeObjects(s3) };
  await breakJobs(s3, glue);
  const broken = { ...(await smokeTest(variables)), left: await smokeObjects(s3) };
  s3.destroy();
  glue.destroy();
  return { planned, whole, broken };
}

/** The variables that a run shows. */
function variablesOf(shown: string): Record<string, string> {
  return Object.fromEntries([...shown.matchAll(/^ {2}export (\w+)=(.*)$/gm)].map(([, ...pair]) => pair));
}

/** Options of a client that has nothing but these variables. */
function reaching(variables: Readonly<Record<string, string>>) {
  return {
    endpoint: variables["AWS_ENDPOINT_URL"] ?? "",
    region: variables["AWS_REGION"] ?? "",
    credentials: {
      accessKeyId: variables["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: variables["AWS_SECRET_ACCESS_KEY"] ?? "",
    },
  };
}

/** Processes that carry this run's folder in their arguments. */
function processesNaming(text: string): string[] {
  return execFileSync("ps", ["-A", "-o", "args="], { encoding: "utf8" })
    .split("\n")
    .filter((row) => row.includes(text));
}
