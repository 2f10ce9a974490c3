import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "@jest/globals";
import { render } from "../../../../cli/plan/summary/markdown";
import { summaryOf } from "../../../../cli/plan/summary/summary";
import { expectReadable, inBrowser } from "../../../support/browser";
import { largePlan } from "./large-plan";
import { pageOf } from "./page";

test("the comment on 300 resources is readable, with its risks on the first screen and the rest folded", () =>
  inBrowser(async (browser) => {
    const folder = mkdtempSync(join(tmpdir(), "tributary-plan-page-"));
    try {
      const { plans, heading } = largePlan();
      const file = join(folder, "plan.html");
      writeFileSync(file, pageOf(render(summaryOf(plans, heading), 65_536)));
      await expectReadable(browser, file);
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
      await page.goto(pathToFileURL(file).href);
      const top = async (text: string) =>
        (await page.getByText(text, { exact: true }).first().boundingBox())?.y;
      expect(await top("Data would be lost")).toBeLessThan(900);
      expect(await top("Permissions")).toBeLessThan(900);
      expect(await page.locator("details[open]").count()).toBe(0);
      expect(await page.locator("details").count()).toBe(2);
      expect(await page.getByText("hush-hush").count()).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }));
