import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import {
  type CsvFormat,
  decoded,
  encoded,
  headerOf,
  isOneRecord,
} from "../../../../cli/operator/letters/csv-text";

const PLAIN: CsvFormat = {
  kind: "csv",
  delimiter: ",",
  header: true,
  encoding: "utf-8",
  skipLines: 0,
  lineEnd: "lf",
};

function header(content: string | Buffer, given: Partial<CsvFormat> = {}): Promise<string> {
  const bytes = Buffer.from(content);
  // a byte a chunk, so that no place is lost between two
  const chunks = Array.from(bytes, (byte) => Buffer.from([byte]));
  return headerOf(Readable.from(chunks.length > 100 ? [bytes] : chunks), { ...PLAIN, ...given });
}

describe("the header of a file", () => {
  test.each([
    ["the first line", "a,b\n1,2\n", {}, "a,b\n"],
    ["with its other line end", "a,b\r\n1,2\r\n", {}, "a,b\r\n"],
    ["without the mark of UTF-8", "\uFEFFa,b\n1", {}, "a,b\n"],
    ["over lines in quotes", '"a\n,""b""",c\n1', {}, '"a\n,""b""",c\n'],
    [
      "behind lines that are none",
      "made by x\n\n# note\na,b\n1",
      { skipLines: 1, comment: "#" },
      "made by x\n\n# note\na,b\n",
    ],
    ["before a bare CR", "a,b\r1,2\r", { lineEnd: "cr" }, "a,b\r"],
    ["in another encoding", Buffer.from("gr\xfcn,b\n1", "latin1"), { encoding: "windows-1252" }, "grün,b\n"],
    ["in gzip", gzipSync(`a,b\n${"1,2\n".repeat(100)}`), {}, "a,b\n"],
  ] as const)("is %s", async (_, content, given, expected) => {
    expect(await header(content as Buffer, given)).toBe(expected);
  });

  test.each([
    ["UTF-16", Buffer.from("\uFEFFa,b\n", "utf16le")],
    ["zstd", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0])],
    ["no end", "a,b"],
    ["half a character", Buffer.from([0xc3, 0x0a])],
    ["broken gzip", gzipSync("a,b\n".repeat(9)).fill(0xff, 12)],
  ])("is refused as %s", async (_, content) => {
    await expect(header(content as Buffer)).rejects.toThrow();
  });
});

describe("one row", () => {
  test.each([
    ["1,2", true],
    ['1,"two\nlines"', true],
    ['1,"a ""quote"""', true],
    ["1,2\n3,4", false],
    ['1,"open', false],
    ["", false],
    [" \t", false],
    ["# 1", false],
  ])("is told from none and from several: %j", (text, is) => {
    expect(isOneRecord(text, { ...PLAIN, comment: "#" })).toBe(is);
  });

  test("knows what an escape takes literally", () => {
    expect(isOneRecord('1,"a\\"b"', { ...PLAIN, escape: "\\" })).toBe(true);
    expect(isOneRecord('1,"a\\"', { ...PLAIN, escape: "\\" })).toBe(false);
  });
});

test.each(["utf-8", "windows-1252", "latin-1"] as const)(
  "%s comes back as it was, or not at all",
  (encoding) => {
    expect(
      encoded("grün", { encoding })?.equals(Buffer.from("grün", encoding === "utf-8" ? "utf8" : "latin1")),
    ).toBe(true);
    expect(decoded(encoded("grün", { encoding }) ?? Buffer.of(), { encoding })).toBe("grün");
    expect(encoded("漢", { encoding })?.toString()).toBe(encoding === "utf-8" ? "漢" : undefined);
    expect(encoded("€", { encoding })?.toString("hex")).toBe(
      { "utf-8": "e282ac", "windows-1252": "80", "latin-1": undefined }[encoding],
    );
  },
);
