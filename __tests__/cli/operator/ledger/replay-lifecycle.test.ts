import { Writable } from "node:stream";
import { describe, expect, test } from "@jest/globals";
import type { Operator } from "../../../../cli/operator/command/operator";
import { Terminal } from "../../../../cli/operator/command/terminal";
import { checkLifecycle } from "../../../../cli/operator/ledger/replay";
import { type Environment, loadEnvironment } from "../../../../environments/schema";

type Processed = Environment["storage"]["lifecycle"]["processed"];

/** What is said of a replay of commits since 90 days ago, whose batches were claimed then or earlier. */
function heeded(
  processed: Processed,
  archive: "move" | "tag" = "move",
  withoutGone = false,
  claimedSince: string | null = null,
): string {
  const said: string[] = [];
  const stream = new Writable({
    write: (chunk, _, done) => {
      said.push(String(chunk));
      done();
    },
  });
  const { storage, ledger, ...others } = loadEnvironment("prod");
  const operator: Pick<Operator, "environment" | "terminal" | "now"> = {
    environment: {
      ...others,
      storage: { ...storage, lifecycle: { ...storage.lifecycle, processed } },
      ledger: { ...ledger, batch: { ...ledger.batch, archive } },
    },
    terminal: new Terminal(false, stream, stream),
    now: new Date("2026-06-30T00:00:00Z"),
  };
  checkLifecycle(operator, { from: "2026-04-01T00:00:00Z", withoutGone }, { claimedSince });
  return said.join("");
}

const IR = { archiveClass: "GLACIER_IR" } as const;

describe("a replay of files that S3's lifecycle may have reached", () => {
  test.each([
    ["never expire", { ...IR }, "move"],
    ["expire later", { ...IR, expireDays: 92 }, "move"],
    ["lie in a class that is read at once", { ...IR, archiveDays: 30 }, "move"],
    ["are tagged and never expire", { ...IR }, "tag"],
  ] as const)("begins where they %s", (_, processed, archive) => {
    expect(heeded(processed, archive)).toBe("");
  });

  test.each([
    ["expired", { ...IR, expireDays: 90 }, "move"],
    ["are tagged, and expire by the time of their upload", { ...IR, expireDays: 3650 }, "tag"],
  ] as const)("is refused where they %s, unless that is wanted", (_, processed, archive) => {
    expect(() => heeded(processed, archive)).toThrow(
      /^--from: expected a later time, or --without-gone \(.*kept for \d+ days.*would lose their rows\), got "/,
    );
    expect(heeded(processed, archive, true)).toBe("");
  });

  test("goes by the first claim of batches that were replayed before", () => {
    const processed = { archiveClass: "DEEP_ARCHIVE", archiveDays: 100, expireDays: 365 } as const;
    expect(heeded(processed, "move", false, "2026-04-02T00:00:00.1+00:00")).toBe("");
    expect(heeded(processed, "move", false, "2026-01-01T00:00:00.1+00:00")).toContain("restore them first");
    expect(() => heeded(processed, "move", false, "2025-05-01T00:00:00.1+00:00")).toThrow(
      "would lose their rows",
    );
  });

  test("says that they are to be restored first", () => {
    expect(heeded({ archiveClass: "DEEP_ARCHIVE", archiveDays: 30 })).toContain(
      "lie in DEEP_ARCHIVE: restore them first",
    );
  });
});
