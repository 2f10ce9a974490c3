import { describe, expect, test } from "@jest/globals";
import { findingsOf } from "../../../handlers/ledger-operator/findings";
import type { Holder, TableHealth, VacuumCheck } from "../../../runtime/ledger/operator-protocol";

const WELL: Omit<VacuumCheck, "findings"> = {
  at: "2026-01-31T00:00:00+00:00",
  seesAllSessions: true,
  holders: [],
  tables: [],
  wraparound: { xidAge: 1e6, multixactAge: 1, freezesFrom: 2e8, stopsAt: 2_144_483_647 },
};

function holder(given: Partial<Holder>): Omit<VacuumCheck, "findings"> {
  const session = {
    kind: "session" as const,
    name: "17",
    user: "someone",
    application: "report",
    state: "idle",
  };
  return { ...WELL, holders: [{ ...session, seconds: 3600, xminAge: 10, ...given }] };
}

function tableOf(given: Partial<TableHealth>): Omit<VacuumCheck, "findings"> {
  const queue = { table: "queue", liveRows: 10, deadRows: 1e6, cleanedFrom: 50_000, bytes: 1, xidAge: 1 };
  return { ...WELL, tables: [{ ...queue, lastVacuum: null, secondsSinceVacuum: 7200, ...given }] };
}

function aged(xidAge: number): Omit<VacuumCheck, "findings"> {
  return { ...WELL, wraparound: { ...WELL.wraparound, xidAge } };
}

describe("findingsOf", () => {
  test.each([
    ["a young database", WELL],
    ["a transaction of minutes", holder({ seconds: 600 })],
    ["a slot that is read", holder({ kind: "slot", state: "active", seconds: null, xminAge: 1e9 })],
    ["dead rows that are being cleaned", tableOf({ secondsSinceVacuum: 60 })],
    ["few dead rows", tableOf({ deadRows: 100_000 })],
    ["an age at which autovacuum freezes", aged(2.5e8)],
  ])("finds nothing in %s", (_, found) => expect(findingsOf(found)).toEqual([]));

  test.each([
    [
      "a forgotten session",
      holder({}),
      "warning",
      /session 17 \(report, idle\).*60 minutes.*pg_terminate_backend\(17\)/,
    ],
    ["a prepared transaction", holder({ kind: "prepared", name: "g" }), "warning", /ROLLBACK PREPARED 'g'/],
    [
      "a forgotten slot",
      holder({ kind: "slot", state: "inactive", seconds: null, xminAge: 2e7 }),
      "warning",
      /pg_drop_replication_slot/,
    ],
    [
      "dead rows that nobody cleans",
      tableOf({}),
      "warning",
      /ledger.queue has 1,000,000 dead rows.*VACUUM ledger.queue/,
    ],
    ["a table that was never vacuumed", tableOf({ secondsSinceVacuum: null }), "warning", /dead rows/],
    ["freezing that falls behind", aged(4e8), "warning", /stops writing in 1,744,483,647 transactions/],
    ["an end that is near", aged(1.9e9), "critical", /VACUUM \(FREEZE\)/],
    ["sessions that are not seen", { ...WELL, seesAllSessions: false }, "warning", /GRANT pg_read_all_stats/],
  ] as const)("tells of %s and what to do", (_, found, level, text) => {
    const [finding, ...others] = findingsOf(found);
    expect(others).toEqual([]);
    expect(finding?.level).toBe(level);
    expect(`${finding?.what}; ${finding?.wayOut}`).toMatch(text);
  });

  test("puts what is critical first", () => {
    expect(
      findingsOf({ ...holder({}), ...aged(1.9e9), holders: holder({}).holders }).map(({ level }) => level),
    ).toEqual(["critical", "warning"]);
  });
});
