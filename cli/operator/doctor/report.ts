import { visible } from "../../../setup/terminal";
import { GROUPS, type Group, STATUSES } from "./check";
import type { Report } from "./doctor";
import type { Result } from "./examine";

const HEADS: Readonly<Record<Group, string>> = {
  machine: "Machine",
  settings: "Settings",
  account: "Account",
  deployed: "Deployed",
};

const STATUS_WIDTH = Math.max(...STATUSES.map((status) => status.length));

/** The findings by group, each with its way out below it, and how many there are of each status. */
export function reportText({ environment, findings, count }: Report): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const groups = GROUPS.map((group) => {
    const lines = findings.filter((each) => each.group === group).flatMap((each) => linesOf(each, width));
    return [HEADS[group], ...lines].join("\n");
  });
  const sum = STATUSES.map((status) => `${count[status]} ${status}`).join(", ");
  return [...groups, `${environment}: ${sum}`].join("\n\n");
}

function linesOf({ status, check, message, wayOut, link }: Result, width: number): string[] {
  const indent = " ".repeat(2 + STATUS_WIDTH + 2 + width + 2);
  const further = [wayOut, link]
    .filter((each) => each !== undefined)
    .map((each) => `${indent}→ ${visible(each)}`);
  return [`  ${status.padEnd(STATUS_WIDTH)}  ${check.padEnd(width)}  ${visible(message)}`, ...further];
}
