import { describe, expect, test } from "@jest/globals";
import { operatorProgram } from "../../cli/operator/program";
import { stacksOf } from "../support/stacks";
import { read } from "./pages";

const PAGE = read("docs/operations.md");

describe("docs/operations.md", () => {
  test("says what to do about each alarm", () => {
    const alarms = Object.values(
      stacksOf("prod").get("prod-observability")?.resource["aws_cloudwatch_metric_alarm"] ?? {},
    ).map((alarm) => String(alarm["alarm_name"]).replace("tributary-prod-", ""));
    expect(alarms.length).toBeGreaterThan(20);
    const told = (alarm: string) =>
      PAGE.includes(`\`${alarm}\``) ||
      PAGE.includes(alarm.replace(/^.*(?=-(throttles|failed-events)$)/, "`<function>"));
    expect(alarms.filter((alarm) => !told(alarm))).toEqual([]);
  });

  test("shows each command of tributary, and no other", () => {
    const program = operatorProgram(() => {});
    const visible = program
      .createHelp()
      .visibleCommands(program)
      .map((command) => command.name());
    const commands = visible.filter((name) => name !== "help");
    const shown = [...PAGE.matchAll(/\btributary ([a-z][a-z-]*)/g)].map(([, command]) => command);
    expect([...new Set(shown)].sort()).toEqual(commands.sort());
  });
});
