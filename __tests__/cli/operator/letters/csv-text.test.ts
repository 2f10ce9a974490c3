import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import {
  beginningOf,
  type CsvFormat,
  decoded,
  encoded,
  fieldsOf,
  isHeader,
} from "../../../../cli/operator/letters/csv-text";

const PLAIN: CsvFormat = {
  kind: "csv",
  delimiter: ",",
  header: true,
  encoding: "utf-8",
  skipLines: 0,
  lineEnd: "lf",
};

function beginning(content: string | Buffer, given: Partial<CsvFormat> = {}) {
  const bytes = Buffer.from(content);
  // a byte a chunk, so that no place is lost between two
  const chunks = Array.from(bytes, (byte) => Buffer.from([byte]));
  return beginningOf(Readable.from(chunks.length > 100 ? [bytes] : chunks), { ...PLAIN, ...given });
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
    [
      "behind the line that tells Excel the delimiter",
      "\uFEFFsep=;\r\na;b\n1",
      { delimiter: ";" },
      "sep=;\r\na;b\n",
    ],
    ["a column that is named so", "sep=ab,b\n1", {}, "sep=ab,b\n"],
    ["in gzip", gzipSync(`a,b\n${"1,2\n".repeat(100)}`), {}, "a,b\n"],
  ] as const)("is %s", async (_, content, given, expected) => {
    expect((await beginning(content as Buffer, given)).header).toBe(expected);
    expect(isHeader(expected, { ...PLAIN, ...given })).toBe(true);
  });

  test("is that of UTF-8 where its mark says so, whatever the dataset says", async () => {
    const given = { encoding: "windows-1252" } as const;
    expect(await beginning("\uFEFFgrün,b\n1", given)).toEqual({ header: "grün,b\n", encoding: "utf-8" });
    expect(await beginning("a,b\n1", given)).toMatchObject(given);
  });

  test.each(["a,b", "a,b\n1,2\n", "a,b\n\n", '"a,b\n', "\n", "", "漢\n"])(
    "is nothing else that an editor leaves of it: %j",
    (text) => {
      expect(isHeader(text, { ...PLAIN, encoding: "latin-1" })).toBe(false);
    },
  );

  test.each([
    ["UTF-16", Buffer.from("\uFEFFa,b\n", "utf16le")],
    ["zstd", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0])],
    ["no end", "a,b"],
    ["half a character", Buffer.from([0xc3, 0x0a])],
    ["broken gzip", gzipSync("a,b\n".repeat(9)).fill(0xff, 12)],
  ])("is refused as %s", async (_, content) => {
    await expect(beginning(content as Buffer)).rejects.toThrow();
  });
});

describe("a file without a header", () => {
  test.each([
    ["its first row", "1,2,3\n1,2\n", 3],
    ["one that has no end", "1,2", 2],
    ["what can be read", Buffer.from('# 1\n\n1,"2"3\n\xff,1\n1,"2,\n3"\n', "latin1"), 2],
  ] as const)("gives its rows the number of fields of %s", async (_, content, fields) => {
    const found = await beginning(content as Buffer, { header: false, comment: "#" });
    expect(found).toEqual({ fields, encoding: "utf-8" });
  });
});

describe("one row", () => {
  test.each([
    ["1,2", 2],
    ['1,"two\nlines",', 3],
    ['1,"a ""quote"""', 2],
    ['1,"a"\r', 2],
    ["1,2\n3,4", undefined],
    ['1,"open', undefined],
    // a quote within a field opens none: the second line would be a row of its own, and take the next one along
    ['1,a"\n2,"b', undefined],
    ['1,"a"b', undefined],
    ["", undefined],
    [" \t", undefined],
    ["# 1", undefined],
  ])("is told from none and from several, by its fields: %j", (text, fields) => {
    expect(fieldsOf(text, { ...PLAIN, comment: "#" })).toBe(fields);
  });

  test("knows what an escape takes literally", () => {
    expect(fieldsOf('1,"a\\"b"', { ...PLAIN, escape: "\\" })).toBe(2);
    expect(fieldsOf("1\\,2\\\n3", { ...PLAIN, escape: "\\" })).toBe(1);
    expect(fieldsOf('1,"a\\"', { ...PLAIN, escape: "\\" })).toBeUndefined();
  });

  test("knows a delimiter of several bytes, in text and in bytes", () => {
    const format = { ...PLAIN, delimiter: "§" };
    expect(fieldsOf("1§2§3", format)).toBe(3);
    expect(fieldsOf(Buffer.from("1§\uFFFD2").toString("latin1"), format, true)).toBe(2);
    expect(fieldsOf("\t\t", { ...PLAIN, delimiter: "\t" })).toBe(3);
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
