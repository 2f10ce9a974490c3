import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { LARGEST_BYTES, pageOf } from "../../../../local/outcome/report/page";
import { type Colours, DARK, LIGHT } from "../../../../local/outcome/report/style";
import { type RunRecord, summaryOf } from "../../../../local/outcome/report/summary";
import { HOSTILE, record } from "./record";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tributary-test-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("has counts on the arrows of the picture, and the same ones in the table", () => {
  const page = pageOf(summaryOf(record(folder)));
  for (const count of ["12 files", "112 rows", "119,000 rows", "5 manifests", "1,007"])
    expect(page).toMatch(new RegExp(`<text class="count[^>]*>${count}</text>`));
  expect(page).toContain("120 rows in = 112 rows + 8 dead letters");
  expect(page).toMatch(
    /<th scope="row" class="text">uploads<\/th><td class="number">12<\/td><td class="number">120<\/td><td class="number">112<\/td>/,
  );
  expect(page).toContain("<h1>Every row is accounted for</h1>");
});

test.each(HOSTILE.map((text) => [text]))("shows as text what a sender wrote: %s", (hostile) => {
  const page = pageOf(summaryOf(record(folder, { text: () => hostile })));
  // a quiet text has the same markup, to the tag
  const quiet = pageOf(summaryOf(record(folder, { text: () => "quiet" })));
  expect(tagsOf(page)).toEqual(tagsOf(quiet));
  expect(page).not.toMatch(/[\p{Cf}\p{Cs}\u2028\u2029]|[^\P{Cc}\n]/u);
});

/** Tags with the names of their attributes. */
function tagsOf(page: string): string[] {
  return [...page.matchAll(/<\/?[a-z][^>]*>/g)].map(([tag]) => tag.replaceAll(/"[^"]*"/g, ""));
}

test("has no script, asks for nothing, and knows its style by the digest", () => {
  const page = pageOf(summaryOf(record(folder, { text: () => "quiet" })));
  const [, style = ""] = /<style>(.*?)<\/style>/s.exec(page) ?? [];
  const digest = createHash("sha256").update(style).digest("base64");
  expect(page).toContain(`default-src &#39;none&#39;; style-src &#39;sha256-${digest}&#39;`);
  expect(page).not.toMatch(/<script| style=| on\w+=|src=|url\(|@import|https?:/);
  expect([...page.matchAll(/href="([^"]*)"/g)].filter(([, to = ""]) => !/^(#|data:,$)/.test(to))).toEqual([]);
});

test.each([
  ["many files", { files: 5000, text: () => "a" }],
  ["huge fields", { files: 300, text: () => "<&\u202e".repeat(20_000) }],
  ["huge fields beyond Unicode's first plane", { files: 300, text: () => "😀".repeat(20_000) }],
])("stays below its size with %s, and says what it leaves out", (_, given) => {
  const page = pageOf(summaryOf(record(folder, given)));
  expect(Buffer.byteLength(page)).toBeLessThanOrEqual(LARGEST_BYTES);
  expect(page).toContain(`of ${given.files.toLocaleString("en")} are shown`);
  expect(page).toMatch(/Lists show \d+ entries at most, texts \d+ characters/);
});

test("makes lists and texts shorter only where the page would be too large", () => {
  const limitsOf = (page: string) => /Lists show (\d+) entries/.exec(page)?.[1];
  expect(limitsOf(pageOf(summaryOf(record(folder))))).toBe("64");
  const huge = record(folder, { files: 64, text: () => "&".repeat(1000) });
  const page = pageOf(summaryOf(huge));
  expect(Number(limitsOf(page))).toBeLessThan(64);
  expect(page).toContain("so that the page is no larger than 300 KB");
});

test.each<[string, Partial<RunRecord>, string]>([
  [
    "Failed after 42.3 s",
    { failure: "the step <b>failed</b>\nin two lines" },
    "the step &lt;b&gt;failed&lt;/b&gt;\nin two lines",
  ],
  ["Interrupted after 42.3 s", { failure: "x", interruption: "SIGINT" }, "SIGINT"],
  [
    "Every row is accounted for, but a query failed",
    { answers: [{ sql: "SELECT", failure: "no such table" }] },
    "failed: no such table",
  ],
])("says of a run that came to no good end how it ended: %s", (head, further, reason) => {
  const page = pageOf(summaryOf({ ...record(folder), ...further }));
  expect(page).toContain(`<h1>${head}</h1>`);
  expect(page).toContain(reason);
});

test("says of a run that ended early which pipelines are not accounted for", () => {
  const { results, ...run } = record(folder);
  const steps = [{ name: "deploy", began: 1, seconds: 2, detail: "", succeeded: false }];
  const page = pageOf(summaryOf({ ...run, steps, results: {}, failure: "x" }));
  expect(page).toContain("under way: deploy");
  expect(page).toContain("not accounted for: uploads, manifests, ledger");
  expect(page).toContain("<dt>rows out</dt><dd>–</dd>");
  expect(page).toContain("No file was accounted for before the run ended");
});

test.each([
  ["light", LIGHT],
  ["dark", DARK],
])("has text of enough contrast in the %s scheme", (_, colours: Colours) => {
  for (const text of ["text", "muted", "rows", "letters", "whole", "lost"] as const)
    for (const ground of ["page", "surface", "raised"] as const)
      expect([text, ground, contrast(colours[text], colours[ground]) >= 4.5]).toEqual([text, ground, true]);
});

/** Contrast of two colours by WCAG 2. */
function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
