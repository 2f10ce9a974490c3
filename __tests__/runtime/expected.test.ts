import { describe, expect, test } from "@jest/globals";
import { expectedAt, unknownKey } from "../../runtime/expected";

describe("a message about input", () => {
  test.each<[string, unknown, string]>([
    ["text", "3x", 'n: expected a whole number, got "3x"'],
    ["an object", { a: [1] }, 'n: expected a whole number, got {"a":[1]}'],
    ["null", null, "n: expected a whole number, got null"],
    ["nothing", undefined, "n is required: expected a whole number"],
  ])("shows %s that was found", (_, got, message) => {
    expect(expectedAt("n", "a whole number", got)).toBe(message);
  });

  test.each<[string, string, readonly string[], string]>([
    ["one that is like a known one", "colums", ["name", "columns"], 'did you mean "columns"?'],
    ["one of another case", "leaseseconds", ["leaseSeconds"], 'did you mean "leaseSeconds"?'],
    ["one that is like none", "extra", ["name", "columns"], "known are name, columns"],
    ["one where none is known", "extra", [], "known are none"],
  ])("helps with %s", (_, key, known, wayOut) => {
    expect(unknownKey(key, known)).toBe(`unknown key "${key}"; ${wayOut}`);
  });
});
