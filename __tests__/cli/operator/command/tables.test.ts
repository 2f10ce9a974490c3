import { describe, expect, test } from "@jest/globals";
import { date, minutes } from "../../../../cli/operator/command/arguments";
import { bytes, dollars, duration, list, table } from "../../../../cli/operator/command/tables";
import { whole } from "../../../../setup/arguments";

describe("a table", () => {
  test("aligns text to the left and numbers to the right, and shows what is missing", () => {
    const columns = [
      { head: "file", cell: ({ file }: { file: string }) => file },
      { head: "rows", cell: ({ rows }: { rows?: number }) => rows },
    ];
    expect(table(columns, [{ file: "a.ndjson", rows: 12345 }, { file: "b" }])).toBe(
      ["file        rows", "────────  ──────", "a.ndjson  12,345", "b              -"].join("\n"),
    );
  });

  test("keeps keys from moving the cursor", () => {
    expect(list([["file", "a\rb"]])).toBe("file  a\\u{d}b");
  });
});

describe("units", () => {
  test.each([
    [0, "0 s"],
    [59.6, "1 min 0 s"],
    [200, "3 min 20 s"],
    [18_180, "5 h 3 min"],
    [187_200, "2 d 4 h"],
  ])("writes %d seconds as %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [3_500_000, "3.50 MB"],
    [123_456_789, "123 MB"],
    [7e11, "700 GB"],
    [5e15, "5000 TB"],
  ])("writes %d bytes as %s", (count, text) => {
    expect(bytes(count)).toBe(text);
  });

  test("writes dollars with two decimals", () => {
    expect(dollars(1234.5)).toBe("$1,234.50");
  });
});

describe("arguments", () => {
  test("are read", () => {
    expect([date("2024-02-29"), date("undated"), minutes("15m"), minutes("2h"), minutes("3d")]).toEqual([
      "2024-02-29",
      "undated",
      15,
      120,
      4320,
    ]);
    expect(whole(2, 100)("100")).toBe(100);
  });

  test.each([
    ["a day that does not exist", date, "2026-02-30", "a date such as 2026-01-31, or undated"],
    ["a date of another form", date, "31.01.2026", "a date such as 2026-01-31, or undated"],
    ["a time without unit", minutes, "15", "minutes, hours or days such as 15m, 2h or 3d"],
    ["a number out of range", whole(2, 100), "101", "a whole number from 2 to 100"],
    ["a number that is not whole", whole(2, 100), "2.5", "a whole number from 2 to 100"],
  ])("refuse %s", (_, read, text, wanted) => {
    expect(() => read(text)).toThrow(new Error(`expected ${wanted}, got "${text}"`));
  });
});
