import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { pageOf } from "../../../../local/outcome/report/page";
import { summaryOf } from "../../../../local/outcome/report/summary";
import { ROOT } from "../../../../setup/paths";
import { expectReadable, inBrowser } from "../../../support/browser";
import { HOSTILE, record } from "./record";

let folder: string;
let file: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tributary-test-"));
  file = join(folder, "report.html");
  writeFileSync(file, pageOf(summaryOf(record(join(folder, "run"), { files: 40 }))));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("is quiet, asks for nothing and fits every width, whatever senders wrote", () =>
  inBrowser((browser) => expectReadable(browser, file)));

test("fits every width with texts that have no place to break, and with what ended a run", () =>
  inBrowser(async (browser) => {
    const run = record(join(folder, "long"), { text: () => "x".repeat(5000) });
    const long = join(folder, "long.html");
    writeFileSync(long, pageOf(summaryOf({ ...run, failure: "y".repeat(3000) })));
    await expectReadable(browser, long);
  }));

test("shows each text of a sender to the letter, but for what cannot be seen", () =>
  inBrowser(async (browser) => {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(file).href);
    const texts = await page.locator(".letters-list pre").allTextContents();
    expect(texts).toEqual(
      HOSTILE.map((text) =>
        text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`),
      ),
    );
    expect(await page.locator("script, img, iframe, object, embed, form, link[rel=stylesheet]").count()).toBe(
      0,
    );
  }));

test("is read by keyboard: links, tables that scroll and folded parts, in the order of the page", () =>
  inBrowser(async (browser) => {
    const page = await browser.newPage({ viewport: { width: 360, height: 800 } });
    await page.goto(pathToFileURL(file).href);
    const order: string[] = [];
    for (;;) {
      await page.keyboard.press("Tab");
      const at = (await page.evaluate(FOCUSED)) as string;
      if (at === "" || order.includes(at)) break;
      order.push(at);
    }
    const all = (await page.evaluate(FOCUSABLE)) as string[];
    expect(order).toEqual(all);
    expect(order[0]).toContain("Skip to the figures");
    const summary = page.locator("summary").last();
    await summary.focus();
    await page.keyboard.press("Enter");
    expect(await page.locator("details").last().getAttribute("open")).not.toBeNull();
  }));

/** Place of an element in the page, and what it says. */
const NAME =
  "(each) => [[...document.querySelectorAll('*')].indexOf(each), each.getAttribute('aria-label') ?? each.textContent].join(' ')";
const FOCUSED = `document.activeElement === document.body ? '' : (${NAME})(document.activeElement)`;
const FOCUSABLE = `[...document.querySelectorAll('a, summary, [tabindex="0"]')].filter((each) => each.checkVisibility()).map(${NAME})`;

test("has headings without a gap, one title, and a table behind each plot", () =>
  inBrowser(async (browser) => {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(file).href);
    const levels = (await page.locator("h1, h2, h3, h4").evaluateAll(LEVELS as never)) as number[];
    expect(levels.filter((level) => level === 1)).toEqual([1]);
    for (const [index, level] of levels.entries())
      expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1);
    expect(await page.locator(".plot").count()).toBe(2);
    expect(await page.locator(".card:has(.plot) table").count()).toBe(2);
    expect(await page.locator("svg:not([aria-hidden]):not(:has(> title))").count()).toBe(0);
    expect(await page.locator("th:not([scope])").count()).toBe(0);
  }));

const LEVELS = (all: { readonly tagName: string }[]) => all.map(({ tagName }) => Number(tagName.slice(1)));

test("becomes a picture for the docs", () =>
  inBrowser(async () => {
    const out = join(folder, "pictures", "report.png");
    const words = ["run", "--silent", "picture", "--", file, "--out", out];
    expect(execFileSync("npm", words, { cwd: ROOT, encoding: "utf8" })).toBe(`${out}\n`);
    expect(readFileSync(out).subarray(1, 4).toString()).toBe("PNG");
  }));
