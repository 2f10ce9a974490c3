import { Readable } from "node:stream";
import { expect, test } from "@jest/globals";
import { linesOf } from "../../../../cli/operator/letters/lines";

test.each([
  ["ends lines at line feeds alone", ['{"a":"\u2028\u2029\r"}\n', "{}\n"], ['{"a":"\u2028\u2029\r"}', "{}"]],
  ["joins a line and a character of several chunks", ["a\xc3", "\xa4b", "\n\nc"], ["aäb", "", "c"]],
  ["finds none in an empty stream", [], []],
])("%s", async (_, chunks, lines) => {
  const bytes = chunks.map((chunk) =>
    /^[\0-\xff]*$/.test(chunk) ? Buffer.from(chunk, "latin1") : Buffer.from(chunk),
  );
  const found: string[] = [];
  for await (const line of linesOf(Readable.from(bytes))) found.push(line);
  expect(found).toEqual(lines);
});
