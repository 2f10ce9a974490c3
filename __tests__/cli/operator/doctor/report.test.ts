import { describe, expect, test } from "@jest/globals";
import { CHECKS } from "../../../../cli/operator/doctor/checks";
import { reportText } from "../../../../cli/operator/doctor/report";

describe("the report", () => {
  test("shows findings by group, each way out below its finding, and counts them", () => {
    const text = reportText({
      environment: "dev",
      at: "2026-01-31T12:00:00.000Z",
      count: { ok: 1, warning: 1, failure: 1, "not checked": 1 },
      findings: [
        { group: "machine", check: "disk", status: "ok", message: "much" },
        { group: "settings", check: "placeholders", status: "failure", message: "one", wayOut: "set it" },
        {
          group: "account",
          check: "GuardDuty",
          status: "warning",
          message: "off\u001b[2J",
          wayOut: "switch it on",
          link: "https://a.page",
        },
        { group: "deployed", check: "code", status: "not checked", message: "missing: x", missing: "x" },
      ],
    });
    expect(text).toBe(
      `Machine
  ok           disk          much

Settings
  failure      placeholders  one
                             → set it

Account
  warning      GuardDuty     off\\u{1b}[2J
                             → switch it on
                             → https://a.page

Deployed
  not checked  code          missing: x

dev: 1 ok, 1 warning, 1 failure, 1 not checked`,
    );
  });

  test("has a name for each check", () => {
    expect(new Set(CHECKS.map(({ name }) => name)).size).toBe(CHECKS.length);
  });
});
