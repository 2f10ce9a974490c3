import { expect, test } from "@jest/globals";
import { ROOT } from "../../setup/paths";
import { outcomeOf } from "../support/outcome";

test("npm run bench -- ledger takes every file from the ledger to the archive, once a run", async () => {
  const line = "npm run --silent bench -- ledger --files 30 --runs 2 --without-spark --json";
  const { code, stdout } = await outcomeOf(["sh", "-c", line], ROOT);
  expect(code).toBe(0);
  const { sample, rows } = JSON.parse(stdout);
  expect(sample).toMatchObject({ files: 30, kilobytes: 10 });
  expect(rows).toMatchObject(
    Array.from({ length: 2 }, () => ({ engine: "tributary", files: 30, isWhole: true })),
  );
});
