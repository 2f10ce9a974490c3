import { describe, expect, test } from "@jest/globals";
import { fileOf, newDate, newLabel } from "../../../../cli/operator/smoke/sent";
import { dateOf } from "../../../../runtime/manifests/datasets";

const NOW = new Date("2026-01-31T08:15:00Z");

describe("a smoke test's files", () => {
  test.each(["uploads", "manifests", "ledger"] as const)(
    "of %s have three rows and a broken line",
    (name) => {
      const { body, rows, broken, label, key } = fileOf(name, "smoke-a", "2026-01-31");
      const lines = body.trimEnd().split("\n");
      expect(rows.map(({ number }) => number)).toEqual([1, 2, 3]);
      expect(lines[broken.line - 1]).toBe(broken.text);
      expect(lines).toHaveLength(broken.line);
      for (const line of lines.slice(broken.line - 4)) expect(line).toContain(label);
      expect(key).toContain(`/smoke_${name}/`);
    },
  );

  test("carry a date where their names are to have one", () => {
    expect(dateOf(fileOf("manifests", "smoke-a", "2026-01-31").key)).toBe("2026-01-31");
  });

  test("do not mix with those of a test of the same moment", () => {
    const labels = Array.from({ length: 100 }, () => newLabel(NOW));
    expect(new Set(labels).size).toBe(100);
    // no key begins with another, so that what is removed by its prefix is of one test
    for (const label of labels) expect(label).toMatch(/^smoke-20260131t081500-[0-9a-f]{6}$/);
  });

  test("are of a date that the table shows", () => {
    for (let times = 0; times < 100; times += 1) {
      const date = newDate(NOW);
      expect(date >= "2020-01-01" && date <= "2026-01-31").toBe(true);
    }
  });
});
