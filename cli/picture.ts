import { existsSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { argument } from "../setup/arguments";
import { ensureBrowser, withBrowser } from "../setup/browser";
import { command, runToExitCode } from "../setup/command";
import { print, printError } from "../setup/terminal";

/** Width of the picture and, of a page without figures, its height, in CSS pixels. */
const VIEW = { width: 1280, height: 900 };
const MARGIN = 28;

command("picture", "Take the picture of a run's page that README and docs show.")
  .argument(
    "<page>",
    "report.html of a run",
    argument("the page about a run", (page) => (existsSync(page) ? page : undefined)),
  )
  .option("--out <file>", "where the picture goes", "docs/pictures/report.png")
  .action((page: string, { out }: { readonly out: string }) =>
    runToExitCode(async () => {
      await takePicture(resolve(page), out);
      print(out);
      return 0;
    }),
  )
  .parseAsync();

async function takePicture(file: string, path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  await withBrowser(await ensureBrowser(printError), async (browser) => {
    const page = await browser.newPage({ viewport: VIEW, colorScheme: "light", deviceScaleFactor: 1.25 });
    await page.goto(pathToFileURL(file).href);
    const figures = page.locator("section:has(#figures)");
    const box = (await figures.count()) > 0 ? await figures.boundingBox() : null;
    const height = box === null ? VIEW.height : box.y + box.height + MARGIN;
    await page.screenshot({ path, fullPage: true, clip: { x: 0, y: 0, width: VIEW.width, height } });
  });
}
