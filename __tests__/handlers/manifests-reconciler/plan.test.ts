import { describe, expect, test } from "@jest/globals";
import { readMessages } from "../../../handlers/manifests-builder/read-messages";
import { isDue } from "../../../handlers/manifests-reconciler/due";
import { dueUnits, type UnitCursor, unitsOf } from "../../../handlers/manifests-reconciler/sweep-plan";
import { announcement } from "../../../runtime/aws/s3-record";
import { NUL_NAME, ODD_NAMES } from "../support/odd-names";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = new Date("2026-01-31T12:00:00.000Z");
const ago = (milliseconds: number) => new Date(NOW.getTime() - milliseconds);

describe("isDue", () => {
  const grace = 30 * MINUTE;

  test.each([
    ["younger than the grace time", 29 * MINUTE, undefined, false],
    ["as old as the grace time", 30 * MINUTE, undefined, true],
    ["younger than the grace time in the last round", 40 * MINUTE, 15 * MINUTE, true],
    ["said in the last round, its age not doubled since", 45 * MINUTE, 15 * MINUTE, false],
    ["said in the last round, its age doubled since", 61 * MINUTE, 15 * MINUTE, true],
    ["long there when no round ever was", 300 * HOUR, undefined, true],
    ["long there, its age doubled since the last round", 300 * HOUR, 60 * HOUR, true],
  ])("takes what is %s", (_, age, sinceLast, expected) => {
    const last = sinceLast === undefined ? undefined : ago(sinceLast);
    expect(isDue(ago(age), last, NOW, grace)).toBe(expected);
  });

  test("says the same thing ten times in two weeks of a round every quarter of an hour", () => {
    const since = new Date("2026-01-01T00:00:00Z");
    let said = 0;
    let last: Date | undefined;
    for (let time = since.getTime(); time < since.getTime() + 14 * 24 * HOUR; time += 15 * MINUTE) {
      if (isDue(since, last, new Date(time), grace)) said += 1;
      last = new Date(time);
    }
    expect(said).toBe(10);
  });
});

describe("the plan of the sweep", () => {
  const units = unitsOf({ name: "clicks", prefix: "input/clicks/", from: "2020-01-01", size: null }, NOW);
  const names = (cursors: Record<string, UnitCursor>, now = NOW) =>
    dueUnits(units, cursors, now).map(({ name }) => name);
  const done = (pages: number, last: Date): UnitCursor => ({ pages, last: last.toISOString() });
  const all = (cursor: UnitCursor) => Object.fromEntries(units.map(({ name }) => [name, cursor]));

  test("has the dates of two weeks back and of tomorrow, and the rest", () => {
    expect(units.map(({ name }) => name)).toEqual([
      "2026-02-01",
      "2026-01-31",
      "2026-01-30",
      ...Array.from({ length: 13 }, (_, n) => `2026-01-${29 - n}`),
      "rest",
    ]);
    expect(units[0]?.prefix).toBe("input/clicks/2026-02-01-");
    expect(units.at(-1)?.prefix).toBe("input/clicks/");
  });

  test("has no date before the dataset's first", () => {
    const young = unitsOf({ name: "clicks", prefix: "input/clicks/", from: "2026-01-31", size: null }, NOW);
    expect(young.map(({ name }) => name)).toEqual(["2026-02-01", "2026-01-31", "rest"]);
  });

  test.each([
    ["a small bucket, each round", 1, 15 * MINUTE, 17],
    ["a date at full load, the hot ones each hour", 4_800, 50 * MINUTE, 3],
    ["a date at full load, none sooner", 4_800, 30 * MINUTE, 0],
    ["a date at full load, the others each day", 4_800, 24 * HOUR, 16],
    ["everything after six days", 1_000_000, 6 * 24 * HOUR, 17],
  ])("lists %s", (_, pages, age, expected) => {
    expect(names(all(done(pages, ago(age))))).toHaveLength(expected);
  });

  test("goes on with a round that is under way, and takes the longest unlisted first", () => {
    const cursors = all(done(4_800, ago(MINUTE)));
    cursors["2026-01-20"] = { ...done(17, ago(MINUTE)), began: ago(MINUTE).toISOString() };
    cursors["2026-01-25"] = done(4_800, ago(48 * HOUR));
    cursors["2026-01-30"] = done(4_800, ago(HOUR));
    cursors["2026-01-22"] = { pages: 0 };
    expect(names(cursors)).toEqual(["2026-01-30", "2026-01-22", "2026-01-25", "2026-01-20"]);
  });
});

describe("an announcement", () => {
  test.each([
    "input/clicks/2026-01-31-a.ndjson",
    "input/clicks/2026-01-31-ü + &=%2F 💥.ndjson.gz",
    ...[...ODD_NAMES, NUL_NAME].map((name) => `input/clicks/2026-01-31-${name}.ndjson`),
  ])("of %j is read by the builder as S3's own", (key) => {
    const announced = {
      bucket: "raw",
      key,
      version: "v/1+=",
      size: 7,
      uploadedAt: "2026-01-31T11:00:00.000Z",
    };
    const sequencer = "0055AED6DCD90281E5".padEnd(64, "0");
    for (const more of [{}, { sequencer }]) {
      const body = JSON.stringify(announcement({ ...announced, ...more }, "Reconciled"));
      // SQS refuses other characters than those of XML
      expect(body).toMatch(/^[ -~]*$/);
      const { inputs, failures } = readMessages([{ messageId: "1", body }]);
      expect(failures).toEqual([]);
      expect(inputs).toMatchObject([{ ...announced, ...more }]);
    }
  });
});
