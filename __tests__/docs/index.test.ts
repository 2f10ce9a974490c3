import { describe, expect, test } from "@jest/globals";
import { PAGES, read, relativeLinksOf } from "./pages";

const INDEX = "docs/README.md";
const WORDS = /^\| ([a-z ]+) \| .+ \| .*\]\(.*\|$/gm;

describe(INDEX, () => {
  const linked = new Set(relativeLinksOf(read(INDEX)));

  test.each(PAGES.filter((page) => /^docs\/[^/]+\.md$/.test(page) && page !== INDEX))("lists %s", (page) => {
    expect([...linked]).toContain(page.replace("docs/", ""));
  });

  test("defines each word of the glossary once, in order, with where it is in the code", () => {
    const [, glossary = ""] = read(INDEX).split("## Glossary");
    const words = [...glossary.matchAll(WORDS)].map(([, word]) => word);
    const rows = glossary.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| Word "));
    expect(words).toEqual([...new Set(words)].sort());
    expect(words).toHaveLength(rows.length);
  });
});
