import { expect, test } from "@jest/globals";
import { ROOT } from "../../setup/paths";
import { outcomeOf } from "../support/outcome";

test("npm run bench -- claims claims and registers every row once", async () => {
  const smaller = "--finished 20000 --rows 20000 --further 10000 --keys 2000 --workers 1,3";
  const line = `npm run --silent bench -- claims ${smaller} --json`;
  const { code, stdout } = await outcomeOf(["sh", "-c", line], ROOT);
  expect(code).toBe(0);
  const { sample, rows } = JSON.parse(stdout);
  expect(sample).toEqual({ finished: 20_000, fsync: "on", synchronous_commit: "on" });
  const claims = [
    ["claims", 20_000],
    ["after further claims", 20_000],
    ["under a held snapshot", 10_000],
  ] as const;
  expect(rows.map(({ what, workers, rows }: Record<string, unknown>) => ({ what, workers, rows }))).toEqual([
    { what: "register new keys", workers: 1, rows: 2_000 },
    { what: "register known keys", workers: 1, rows: 2_000 },
    ...[1, 3].flatMap((workers) => claims.map(([what, count]) => ({ what, workers, rows: count }))),
  ]);
});
