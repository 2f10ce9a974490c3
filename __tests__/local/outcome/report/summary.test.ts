import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { progressOf } from "../../../../local/outcome/report/progress";
import { summaryOf } from "../../../../local/outcome/report/summary";
import { reportOf } from "../../../../local/outcome/results";
import { record } from "./record";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tributary-test-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("has the figures of the run's report, pipeline by pipeline and dataset by dataset", () => {
  const run = record(folder);
  const { pipelines } = reportOf(run.seconds, run.steps, run.results);
  const summary = summaryOf(run);
  expect(summary.pipelines.map(({ pipeline, figures }) => [pipeline, figures])).toEqual(
    Object.entries(pipelines),
  );
  for (const { pipeline, datasets } of summary.pipelines) {
    const counts = datasets.map(({ name, counts }) => [name, counts]);
    expect(Object.fromEntries(counts)).toEqual(pipelines[pipeline]?.datasets);
    for (const { files, counts } of datasets) {
      const rows = files.reduce((sum, file) => sum + (file.counts?.rowsOut ?? 0), 0);
      expect([files.length, rows]).toEqual([counts.files, counts.rowsOut]);
    }
  }
});

test("reads from the logs what jobs committed and functions complained of", () => {
  const { pipelines, functions } = summaryOf(record(folder, { files: 6 }));
  const [uploads, manifests] = pipelines;
  expect(uploads?.runs).toMatchObject([
    { job: "tributary-local-uploads-job", id: "jr_1", state: "SUCCEEDED", message: "" },
  ]);
  expect(uploads?.runs[0]?.lines.at(-1)).toEqual({ fields: {}, text: expect.stringMatching(/^Traceback/) });
  expect(uploads?.commits.map(({ at, rows }) => [at, rows]).slice(0, 2)).toEqual([
    [22, 8],
    [22.25, 10],
  ]);
  expect(manifests?.commits).toEqual([{ at: 27, files: 1, rows: 119_000, deadLetters: 1000, seconds: 2 }]);
  expect(functions).toMatchObject([{ invocations: 1, longest: 694, complaints: [expect.any(String)] }]);
});

test("puts first the files that deserve a look", () => {
  const keys = summaryOf(record(folder, { files: 6, text: () => "a" })).pipelines.flatMap(({ datasets }) =>
    datasets.flatMap(({ files }) => files.map(({ key }) => key.split("/").at(-1))),
  );
  expect(keys.map((key) => key?.slice(0, 5))).toEqual([
    ...["00000", "00003", "00001", "00002", "00004", "00005"],
    ...["broke", "2026-"],
  ]);
});

test.each([
  ["whole", {}],
  ["unanswered", { answers: [{ sql: "x", failure: "no" }] }],
  ["failed", { failure: "a reason" }],
  ["interrupted", { failure: "a reason", interruption: "SIGINT" }],
])("says of a run how it ended: %s", (kind, further) => {
  expect(summaryOf({ ...record(folder), ...further }).end.kind).toBe(kind);
});

test("says of a run that lost a row that it is not whole", () => {
  const run = record(folder);
  const { uploads } = run.results;
  if (uploads === undefined) throw new Error("no uploads");
  const { customers } = uploads.accounts;
  if (customers === undefined) throw new Error("no customers");
  const accounts = { customers: { ...customers, lost: 1, problems: ["a.csv: 1 rows lost"] } };
  const summary = summaryOf({ ...run, results: { uploads: { ...uploads, accounts } } });
  expect(summary).toMatchObject({ end: { kind: "unaccounted" }, problems: ["a.csv: 1 rows lost"] });
});

test("tells of a pipeline that was not accounted for what its jobs logged", () => {
  const { results, ...run } = record(folder);
  const { pipelines } = summaryOf({ ...run, results: {}, failure: "a reason" });
  expect(pipelines.map(({ pipeline, figures, runs }) => [pipeline, figures, runs.length])).toEqual([
    ["uploads", undefined, 1],
    ["manifests", undefined, 1],
  ]);
});

test.each([
  ["one moment", [5]],
  ["some seconds", [5, 5.3, 7.9, 9]],
  ["days", [0, 100_000, 200_000]],
])("divides %s into few spans, and leaves out nothing", (_, times) => {
  const commits = times.map((at) => ({ at, files: 1, rows: 10, deadLetters: 1, seconds: 1 }));
  const { spans, length } = progressOf(commits, times[0] ?? 0, times.at(-1) ?? 0);
  expect(spans.length).toBeLessThanOrEqual(42);
  expect(spans.at(-1)?.total).toBe(10 * times.length);
  expect(spans.reduce((sum, { files }) => sum + files, 0)).toBe(times.length);
  expect(spans[0]?.from).toBeLessThanOrEqual(times[0] ?? 0);
  expect((spans.at(-1)?.from ?? 0) + length).toBeGreaterThan(times.at(-1) ?? 0);
});
