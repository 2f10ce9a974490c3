import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { ROOT } from "../../setup/paths";
import { anchorsOf, commandsOf, PAGES, read, relativeLinksOf } from "./pages";
import { PROOFS } from "./proofs";

describe("the commands of the docs", () => {
  test.each(PAGES)("are all proven in %s", (page) => {
    expect(commandsOf(read(page)).filter((command) => !isProven(command))).toEqual([]);
  });

  test.each(Object.entries(PROOFS))("`%s` is run where its proof says", (_, { file, contains }) => {
    expect(existsSync(join(ROOT, file))).toBe(true);
    expect(readFileSync(join(ROOT, file), "utf8")).toContain(contains);
  });

  test("are all that there are proofs of", () => {
    const written = new Set(PAGES.flatMap((page) => commandsOf(read(page))));
    expect(Object.keys(PROOFS).filter((command) => !written.has(command))).toEqual([]);
  });
});

describe("the links of the docs", () => {
  test.each(PAGES)("lead somewhere in %s", (page) => {
    expect(relativeLinksOf(read(page)).filter((link) => !resolves(page, link))).toEqual([]);
  });
});

/** A script's bare name is the mention of a command that is proven with its words. */
function isProven(command: string): boolean {
  if (command in PROOFS) return true;
  const bare = /^npm (run )?[a-z:-]+$/.test(command);
  return bare && Object.keys(PROOFS).some((proven) => proven.startsWith(`${command} `));
}

function resolves(page: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : join(dirname(page), path);
  if (!existsSync(join(ROOT, target))) return false;
  return anchor === undefined || anchorsOf(read(target)).includes(anchor);
}
