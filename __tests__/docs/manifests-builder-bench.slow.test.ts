import { describe, expect, test } from "@jest/globals";
import { ROOT } from "../../setup/paths";
import { outcomeOf } from "../support/outcome";

describe("npm run bench -- manifests-builder", () => {
  test("counts one write a file, the first and the last alike", async () => {
    const line = "npm run --silent bench -- manifests-builder --files 2000 --latency 1 --json";
    const { code, stdout } = await outcomeOf(["sh", "-c", line], ROOT);
    expect(code).toBe(0);
    const { bench, rows, required } = JSON.parse(stdout);
    expect({ bench, required }).toMatchObject({ bench: "manifests-builder", required: { least: 5_000 } });
    expect(rows.map(({ name }: { name: string }) => name)).toEqual([
      "cold",
      "first thousand",
      "last thousand",
      "first tenth",
      "last tenth",
      "all",
      "with the SDK",
    ]);
    for (const { files, tableUnits, indexUnits, calls } of rows) {
      // three dates, of which each has two manifests: 334 files of 3.5 MB are more than 1 GB
      expect({ tableUnits, indexUnits, calls }).toEqual({
        tableUnits: files,
        indexUnits: files,
        calls: files * 1.006,
      });
    }
  });

  test("prints one table", async () => {
    const line = "npm run --silent bench -- manifests-builder --files 1000";
    const { code, stdout } = await outcomeOf(["sh", "-c", line], ROOT);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^last thousand +1,000 /m) });
    expect(stdout).toMatch(/^required: files\/s: at least 5000, measured \d+: (yes|no)$/m);
  });
});
