import { describe, expect, test } from "@jest/globals";
import MarkdownIt from "markdown-it";
import { code, render, type Section } from "../../../../cli/plan/summary/markdown";
import { change, planOf, resource, textOf } from "./plans";

/** With raw HTML, as GitHub's, which then takes away the tags that it does not like. */
const markdown = new MarkdownIt({ html: true, linkify: true });

const WORDS = [
  "|",
  "||",
  "`",
  "``",
  "\\",
  "\\|",
  "<script>hit()</script>",
  "<b>",
  "</code>",
  "<!--",
  "-->",
  "&lt;",
  "&#124;",
  "\n",
  "\r\n",
  "\t",
  " ",
  "@everyone",
  "#1",
  "https://x.y",
  "![x](y)",
  "[x](javascript:hit())",
  "**",
  "_",
  "~~",
  "\u202e",
  "\u0000",
  "é",
  "x",
];

/** Values made of such words, the same in every run. */
function values(count: number): string[] {
  let seed = 7;
  const next = (below: number) => {
    seed = (seed * 48271) % 2147483647;
    return seed % below;
  };
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + next(5) }, () => WORDS[next(WORDS.length)]).join(""),
  );
}

const textIn = (html: string) =>
  html.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");

describe("a value in a table", () => {
  test.each<[string, string, string]>([
    ["a plain one", "aws_s3_bucket.raw[0]", "`aws_s3_bucket.raw[0]`"],
    ["what would be obeyed elsewhere", "<script> @all #1", "`<script> @all #1`"],
    ["the end of a cell", "a|b", "<code>a&#124;b</code>"],
    ["the end of code", "a`b", "<code>a&#96;b</code>"],
    ["a line feed", "a\nb", "<code>a&#92;u&#123;a&#125;b</code>"],
    ["spaces at its ends", " a ", "<code> a </code>"],
    ["nothing", "", "<code></code>"],
  ])("shows %s", (_, value, shown) => {
    expect(code(value)).toBe(shown);
  });

  test("is cut, and its length told", () => {
    expect(code("x".repeat(1000))).toBe(`\`${"x".repeat(240)}… (1000 characters)\``);
  });

  test("is never read as anything but itself, whatever it is", () => {
    for (const value of values(3000)) {
      const html = markdown.render(`| a | b |\n| --- | --- |\n| ${code(value)} | ${code("end")} |\n`);
      const cells = [...html.matchAll(/<td>(.*?)<\/td>/g)].map(([, cell = ""]) => cell);
      expect(cells).toHaveLength(2);
      expect(cells[1]).toBe("<code>end</code>");
      const [, inner = "none"] = /^<code>(.*)<\/code>$/.exec(cells[0] ?? "") ?? [];
      expect(inner).not.toMatch(/[<>]/);
      expect(textIn(inner)).toBe(seen(value));
    }
  });
});

/** What a reader sees of a value. */
function seen(value: string): string {
  return value.replaceAll(/[\p{Cc}\p{Cf}]/gu, (each) => `\\u{${each.codePointAt(0)?.toString(16)}}`);
}

describe("a summary that is too long", () => {
  const section = (heading: string, rows: number, isFolded = false): Section => ({
    heading,
    isFolded,
    columns: ["Name", "Value"],
    rows: Array.from({ length: rows }, (_, index) => [`${heading} ${index}`, "v".repeat(40)]),
  });
  const summary = {
    head: "## Plan",
    sections: [section("Risks", 50), section("Changes", 400), section("Drift", 30, true)],
  };

  test.each([700, 4000, 10_000, 25_000])(
    "is cut between rows at %d characters, the first rows last",
    (limit) => {
      const text = render(summary, limit, "`summary.md`");
      expect(text.length).toBeLessThanOrEqual(limit);
      expect(text).toContain(
        `**Cut to ${limit.toLocaleString("en-US")} characters.** The whole: \`summary.md\``,
      );
      const kept = (heading: string) =>
        text.split("\n").filter((line) => line.startsWith(`| ${heading} `)).length;
      const left = (heading: string) => {
        const [, part = ""] = text.split(new RegExp(`(?:### |<summary>)${heading}`));
        return Number(
          /^\*([\d,]+) rows? (?:is|are) left out here\.\*$/m.exec(
            part.split(/^(?:###|<details>)/m)[0] ?? "",
          )?.[1] ?? 0,
        );
      };
      for (const { heading, rows } of summary.sections)
        expect(kept(heading) + left(heading)).toBe(rows.length);
      if (kept("Changes") > 0) expect(left("Risks")).toBe(0);
      for (const line of text.split("\n")) if (line.startsWith("|")) expect(line).toMatch(/ \|$/);
      expect(text.match(/<details>/g)).toHaveLength(text.match(/<\/details>/g)?.length ?? 0);
    },
  );

  test("is whole where it fits exactly, and cut by a character less", () => {
    const { length } = render(summary).trimEnd();
    expect(render(summary, length)).toBe(render(summary));
    expect(render(summary, length - 1, "x")).toContain("left out here");
  });
});

test("names from elsewhere stay text in the whole summary", () => {
  const evil = 'x"]|`<img src=x onerror=hit()>\n### @all';
  const address = `aws_sqs_queue.x["${evil}"]`;
  const text = textOf(
    planOf(
      [
        resource(address, change({ [evil]: evil }, { [evil]: `${evil}!` })),
        resource(`aws_glue_job.x["${evil}"]`, change(null, {}), { previous_address: evil }),
        resource(address, change({}, null)),
      ],
      { stack: "dev-storage", diagnostics: [{ severity: "error", summary: evil, detail: evil }] },
      { resource_drift: [resource(address, change({ a: evil }, { a: "b" }))] },
    ),
  );
  const html = markdown.render(text);
  expect(html).not.toContain("<img");
  expect([...html.matchAll(/<(h\d)>/g)].map(([, tag]) => tag)).toEqual(["h2", ...Array(7).fill("h3")]);
  expect(html).not.toMatch(/<a /);
});
