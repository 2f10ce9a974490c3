import { expect, test } from "@jest/globals";
import { ROOT } from "../../setup/paths";
import { outcomeOf } from "../support/outcome";

test("npm run bench -- lister registers every key once, in as much memory as a few", async () => {
  const line = "npm run --silent bench -- lister --keys 3000 --json";
  const { code, stdout } = await outcomeOf(["sh", "-c", line], ROOT);
  expect(code).toBe(0);
  const { rows } = JSON.parse(stdout);
  expect(rows.map(({ what, keys }: Record<string, unknown>) => ({ what, keys }))).toEqual([
    { what: "short listing", keys: 3_000 },
    { what: "new keys", keys: 3_000 },
    { what: "known keys", keys: 3_000 },
  ]);
  const [short, ...others] = rows;
  for (const row of others) expect(row.peakMebibytes - short.peakMebibytes).toBeLessThan(16);
});
