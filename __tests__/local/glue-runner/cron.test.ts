import { describe, expect, test } from "@jest/globals";
import { parseCron } from "../../../local/glue-runner/cron";

/** A Saturday. */
const DAY = "2026-01-31";

describe("a schedule of Glue's", () => {
  test.each([
    ["cron(15 12 * * ? *)", `${DAY}T12:15:59Z`, true],
    ["cron(15 12 * * ? *)", `${DAY}T12:16:00Z`, false],
    ["cron(15 12 * * ? *)", `${DAY}T11:15:00Z`, false],
    ["cron(0/15 * * * ? *)", `${DAY}T23:45:00Z`, true],
    ["cron(0/15 * * * ? *)", `${DAY}T23:50:00Z`, false],
    ["cron(1/10 * * * ? *)", `${DAY}T00:31:00Z`, true],
    ["cron(*/20 8-10 * * ? *)", `${DAY}T10:40:00Z`, true],
    ["cron(*/20 8-10 * * ? *)", `${DAY}T11:00:00Z`, false],
    ["cron(0 8 1 * ? *)", "2026-02-01T08:00:00Z", true],
    ["cron(0 8 1 * ? *)", `${DAY}T08:00:00Z`, false],
    ["cron(0 18 ? * MON-FRI *)", "2026-01-30T18:00:00Z", true],
    ["cron(0 18 ? * MON-FRI *)", `${DAY}T18:00:00Z`, false],
    ["cron(0 18 ? * 7 *)", `${DAY}T18:00:00Z`, true],
    ["cron(0 18 ? JAN,MAR sat *)", `${DAY}T18:00:00Z`, true],
    ["cron(0 18 ? FEB SAT *)", `${DAY}T18:00:00Z`, false],
    ["cron(0 0 L * ? *)", `${DAY}T00:00:00Z`, true],
    ["cron(0 0 L * ? *)", "2028-02-29T00:00:00Z", true],
    ["cron(0 0 L * ? *)", "2028-02-28T00:00:00Z", false],
    ["cron(0 0 ? * L *)", `${DAY}T00:00:00Z`, true],
    ["cron(0 0 ? * 6L *)", "2026-01-30T00:00:00Z", true],
    ["cron(0 0 ? * FRIL *)", "2026-01-23T00:00:00Z", false],
    ["cron(0 0 31W * ? *)", "2026-01-30T00:00:00Z", true],
    ["cron(0 0 1W * ? *)", "2026-02-02T00:00:00Z", true],
    ["cron(0 0 1W * ? *)", "2026-02-01T00:00:00Z", false],
    ["cron(0 0 * * ? 2026-2027)", `${DAY}T00:00:00Z`, true],
    ["cron(0 0 * * ? 2027)", `${DAY}T00:00:00Z`, false],
  ])("%s at %s: %s", (expression, time, expected) => {
    expect(parseCron(expression)(new Date(time))).toBe(expected);
  });

  test.each([
    ["another kind of schedule", "rate(5 minutes)"],
    ["five fields", "cron(0 0 * * ?)"],
    ["two deciding fields of the day", "cron(0 0 1 * 1 *)"],
    ["no deciding field of the day", "cron(0 0 ? * ? *)"],
    ["a minute that no hour has", "cron(60 0 * * ? *)"],
    ["a range that goes back", "cron(0 9-8 * * ? *)"],
    ["a step of nothing", "cron(0/0 0 * * ? *)"],
    ["a word that is no month", "cron(0 0 1 FOO ? *)"],
    ["a 32nd weekday", "cron(0 0 32W * ? *)"],
    ["a pause of less than five minutes", "cron(0/4 * * * ? *)"],
    ["such a pause around the full hour", "cron(0,58 * * * ? *)"],
  ])("is not: %s", (_, expression) => {
    expect(() => parseCron(expression)).toThrow(expect.objectContaining({ name: "InvalidInputException" }));
  });

  test("may have such minutes in hours that do not follow each other", () => {
    expect(() => parseCron("cron(0,58 0/2 * * ? *)")).not.toThrow();
  });
});
