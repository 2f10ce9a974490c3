import { pathToFileURL } from "node:url";
import { expect } from "@jest/globals";
import type { Browser, Page } from "playwright-core";
import { ensureBrowser, withBrowser } from "../../setup/browser";
import { SetUpError } from "../../setup/errors";
import { printError } from "../../setup/terminal";

/** Widths at which a page has to be readable, in pixels. */
const WIDTHS = [360, 1600];

/**
 * Gives `test` a Chromium, and closes it. Where there is none for this machine, nothing is tested, which is said aloud; in CI
 * that is a failure.
 */
export async function inBrowser(test: (browser: Browser) => Promise<void>): Promise<void> {
  const found = await ensureBrowser(() => undefined).catch((error: unknown) => {
    if (!(error instanceof SetUpError) || process.env["CI"]) throw error;
    printError(`NOT TESTED in a browser: ${error.message}`);
  });
  if (found) await withBrowser(found, test);
}

/** What a page said and did while it was looked at. */
interface Seen {
  /** Messages and errors of the console, dialogs, and requests for anything but the page itself. */
  readonly noises: string[];
  readonly sidewards: string[];
}

/** Looks at a file in both schemes and at all widths: it is quiet, asks for nothing, and scrolls down alone. */
export async function expectReadable(browser: Browser, file: string): Promise<void> {
  const address = pathToFileURL(file).href;
  const seen: Seen = { noises: [], sidewards: [] };
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of WIDTHS) {
      const page = await browser.newPage({ colorScheme, viewport: { width, height: 800 } });
      listen(page, address, seen);
      await page.goto(address);
      await page.evaluate(OPEN_ALL);
      if (await page.evaluate(SCROLLS_SIDEWARDS)) seen.sidewards.push(`${width} ${colorScheme}`);
      expect(await page.evaluate("window.hit")).toBeUndefined();
      await page.close();
    }
  }
  expect(seen).toEqual({ noises: [], sidewards: [] });
}

const OPEN_ALL = "for (const each of document.querySelectorAll('details')) each.open = true";
const SCROLLS_SIDEWARDS = "document.documentElement.scrollWidth > document.documentElement.clientWidth";

function listen(page: Page, address: string, { noises }: Seen): void {
  page.on("console", (message) => noises.push(message.text()));
  page.on("pageerror", (error) => noises.push(error.message));
  page.on("dialog", (dialog) => {
    noises.push(dialog.message());
    dialog.dismiss().catch(() => undefined);
  });
  page.on("request", (request) => {
    if (request.url() !== address && request.url() !== "data:,") noises.push(request.url());
  });
}
