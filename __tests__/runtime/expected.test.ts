import { describe, expect, test } from "@jest/globals";
import { expectedAt, unknownKey } from "../../runtime/expected";

describe("a message about input", () => {
  test.each<[string, unknown, string]>([
    ["text", "3x", 'n: expected a whole number, got "3x"'],
    ["an object", { a: [1] }, 'n: expected a whole number, got {"a":[1]}'],
    ["no number", Number.NaN, "n: expected a whole number, got NaN"],
    ["a number without end", -Infinity, "n: expected a whole number, got -Infinity"],
    ["a large integer", 2n ** 64n, "n: expected a whole number, got 18446744073709551616"],
    ["such numbers in a list", [Infinity, 1n, 2], 'n: expected a whole number, got ["Infinity","1",2]'],
    ["what is just short enough", "x".repeat(198), `n: expected a whole number, got "${"x".repeat(198)}"`],
    ["a longer text", "x".repeat(199), `n: expected a whole number, got "${"x".repeat(198)}…`],
    [
      "a long list",
      Array.from({ length: 5_000 }, () => 7),
      `n: expected a whole number, got [${"7,".repeat(99)}…`,
    ],
    ["null", null, "n: expected a whole number, got null"],
    ["nothing", undefined, "n is required: expected a whole number"],
  ])("shows %s that was found", (_, got, message) => {
    expect(expectedAt("n", "a whole number", got)).toBe(message);
  });

  test.each<[string, string, readonly string[], string]>([
    ["one that is like a known one", "colums", ["name", "columns"], 'did you mean "columns"?'],
    ["one of another case", "leaseseconds", ["leaseSeconds"], 'did you mean "leaseSeconds"?'],
    ["one that is like none", "extra", ["name", "columns"], "known are name, columns"],
    ["a long one", "x".repeat(5_000), ["name"], "known are name"],
    ["one where none is known", "extra", [], "known are none"],
  ])("helps with %s", (_, key, known, wayOut) => {
    expect(unknownKey(key, known)).toBe(
      `unknown key ${key.length > 200 ? `"${key.slice(0, 198)}…` : `"${key}"`}; ${wayOut}`,
    );
  });
});
