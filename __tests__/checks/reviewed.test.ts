import { describe, expect, test } from "@jest/globals";
import { type Exception, unreviewed } from "./reviewed";

const findings = [
  { rule: "A", where: "dev-storage bucket" },
  { rule: "A", where: "prod-storage bucket" },
  { rule: "B", where: "dev-ledger server" },
];

function exception(rule: string, where: RegExp): Exception {
  return { rule, where, reason: "looked at" };
}

describe("reviewed findings", () => {
  test("are covered by their rule and their whole place", () => {
    const exceptions = [exception("A", /.*-storage bucket/), exception("B", /dev-ledger server/)];
    expect(unreviewed(findings, exceptions)).toEqual([]);
  });

  test.each([
    [
      "of another rule",
      [exception("A", /.*/)],
      ["B dev-ledger server: expected none, or a reviewed exception"],
    ],
    [
      "whose place an exception names in part",
      [exception("A", /.*/), exception("B", /ledger/)],
      [
        "B dev-ledger server: expected none, or a reviewed exception",
        "exception B ledger: expected a finding that it covers",
      ],
    ],
    [
      "that are mended",
      [exception("A", /.*/), exception("B", /.*/), exception("C", /.*/)],
      ["exception C .*: expected a finding that it covers"],
    ],
  ])("names those %s", (_, exceptions, problems) => {
    expect(unreviewed(findings, exceptions)).toEqual(problems);
  });
});
