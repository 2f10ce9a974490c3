import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, jest, test } from "@jest/globals";
import { Terminal } from "../../../cli/operator/command/terminal";
import { explain } from "../../../cli/operator/explain/explain";
import { explanations } from "../../../cli/operator/explain/tables";
import { NEXT_STEPS, nextStep } from "../../../handlers/control-plane/job/run-failure";
import { ROOT } from "../../../setup/paths";
import { stacksOf } from "../../support/stacks";

function explained(word: string | undefined): string {
  let said = "";
  const write = jest.spyOn(process.stdout, "write").mockImplementation((text) => {
    said += text;
    return true;
  });
  try {
    explain(new Terminal(false), word);
  } finally {
    write.mockRestore();
  }
  return said;
}

/** Reasons of files as the Python package declares them, and those of records as its readers do. */
function reasonsOfCode(): string[] {
  const folder = join(ROOT, "glue", "tributary");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".py"),
  );
  return files.flatMap((file) => {
    const text = readFileSync(join(folder, file), "utf8");
    const ofFiles = text.matchAll(/\breason(?:: ClassVar\[str\])? = "([a-z0-9-]+)"/g);
    const [, ofRecords = ""] = /^Reason = Literal\[([^\]]+)\]/m.exec(text) ?? [];
    return [...ofFiles, ...ofRecords.matchAll(/"([a-z0-9-]+)"/g)].map(([, reason = ""]) => reason);
  });
}

describe("tributary explain", () => {
  test.each([
    ["too-many-rejected", /every record of the file is a dead letter/],
    ["too-many-rejected: 12 of 12 records", /every record of the file is a dead letter/],
    ["tributary-prod-ledger-silent", /What to do: /],
    ["manifests-builder-throttles", /concurrency is used up/],
    ["tributary-dev-raw-uploads-1-failed-invocations", /did not reach their target/],
    ["An error occurred (AccessDenied) when calling PutObject", /What to do: compare the action/],
  ])("knows %s", (word, meaning) => {
    expect(explained(word)).toMatch(meaning);
    expect(explained(word)).toMatch(/^ {2}docs\/[a-z-]+\.md, /m);
  });

  test("says of an error what its alert says", () => {
    const rows = explanations().filter(({ of }) => of === "errors");
    for (const { words, cells } of rows) {
      const [[, told] = []] = cells;
      expect(words.map((word) => nextStep(word, "job"))).toEqual(words.map(() => told));
    }
    expect(rows.map(({ cells }) => cells[0]?.[1])).toEqual(NEXT_STEPS.map(([, step]) => step));
  });

  test("knows every reason that the code gives, and every alarm of prod", () => {
    const reasons = reasonsOfCode();
    expect(reasons.length).toBeGreaterThan(40);
    const alarms = Object.values(
      stacksOf("prod").get("prod-observability")?.resource["aws_cloudwatch_metric_alarm"] ?? {},
    ).map((alarm) => String(alarm["alarm_name"]));
    expect(alarms.length).toBeGreaterThan(20);
    const unknown = [...new Set([...reasons, ...alarms])].filter((word) => {
      try {
        return explained(word) === "";
      } catch {
        return true;
      }
    });
    expect(unknown).toEqual([]);
  });

  test("lists all there are, and says so of a word that it does not know", () => {
    expect(explained(undefined)).toMatch(/^ledger-silent {2}\(docs\/operations\.md\)$/m);
    expect(() => explained("nonsense")).toThrow(
      "no reason, alarm or error is called nonsense; tributary explain lists all",
    );
  });
});
