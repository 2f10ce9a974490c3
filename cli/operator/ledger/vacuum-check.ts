import type { Finding, VacuumCheck, Wraparound } from "../../../runtime/ledger/operator-protocol";
import { EXIT, type ExitCode } from "../command/exit-codes";
import type { Operator } from "../command/operator";
import { bytes, duration, indented, list, table } from "../command/tables";
import { ask } from "./ask";

/** Shows the state of the database's cleaning; 1 where something needs action. */
export async function vacuumCheck(operator: Operator): Promise<ExitCode> {
  const check = await ask(operator, "vacuum-check", {});
  operator.terminal.show(check, textOf(check));
  return check.findings.length > 0 ? EXIT.failed : EXIT.ok;
}

function textOf(check: VacuumCheck): string {
  const section = (title: string, text: string) => `${title}\n${indented(text)}`;
  return [
    section("tables", tablesText(check)),
    section("what holds back cleaning, the oldest first", holdersText(check)),
    section("wraparound", wraparoundText(check.wraparound)),
    check.findings.length === 0 ? "nothing needs a hand" : check.findings.map(findingText).join("\n"),
  ].join("\n\n");
}

function tablesText({ tables }: VacuumCheck): string {
  return table(
    [
      { head: "table", cell: ({ table: name }) => name },
      { head: "rows", cell: ({ liveRows }) => liveRows },
      { head: "dead", cell: ({ deadRows }) => deadRows },
      { head: "cleaned from", cell: ({ cleanedFrom }) => cleanedFrom },
      { head: "size", cell: (each) => bytes(each.bytes) },
      {
        head: "last vacuum",
        cell: ({ secondsSinceVacuum: seconds }) => (seconds === null ? "never" : `${duration(seconds)} ago`),
      },
      { head: "age", cell: ({ xidAge }) => xidAge },
    ],
    tables,
  );
}

function holdersText({ holders }: VacuumCheck): string {
  if (holders.length === 0) return "nothing";
  return table(
    [
      { head: "kind", cell: ({ kind }) => kind },
      { head: "name", cell: ({ name }) => name },
      { head: "login", cell: ({ user }) => user ?? undefined },
      { head: "application", cell: ({ application }) => application ?? undefined },
      { head: "state", cell: ({ state }) => state ?? undefined },
      { head: "open for", cell: ({ seconds }) => (seconds === null ? undefined : duration(seconds)) },
      { head: "age", cell: ({ xminAge }) => xminAge ?? undefined },
    ],
    holders,
  );
}

function wraparoundText({ xidAge, multixactAge, freezesFrom, stopsAt }: Wraparound): string {
  return list([
    ["age of the oldest transaction id", xidAge],
    ["of the oldest multixact id", multixactAge],
    ["rows are frozen from", freezesFrom],
    ["the server stops writing at", stopsAt],
    ["left", `${(100 - (Math.max(xidAge, multixactAge) / stopsAt) * 100).toFixed(1)} %`],
  ]);
}

function findingText({ level, what, wayOut }: Finding): string {
  return `${level}: ${what}; ${wayOut}`;
}
