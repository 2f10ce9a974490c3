import { describe, expect, test } from "@jest/globals";
import { EXIT } from "../../../../cli/operator/command/exit-codes";
import { checkOn, needing } from "../../../../cli/operator/command/needed";
import type { Operator } from "../../../../cli/operator/command/operator";
import { loadEnvironment, type Pipeline } from "../../../../environments/schema";

const withOnly = (...pipelines: Pipeline[]) => ({ ...loadEnvironment("dev"), pipelines });

describe("a command that needs a pipeline", () => {
  test.each<[readonly Pipeline[], readonly Pipeline[]]>([
    [["uploads"], ["uploads"]],
    [
      ["manifests", "ledger"],
      ["uploads", "ledger"],
    ],
  ])("of %j runs where %j are on", (wanted, on) => {
    expect(() => checkOn(withOnly(...on), ...wanted)).not.toThrow();
  });

  test.each<[readonly Pipeline[], string]>([
    [["ledger"], "dev: the pipeline ledger is off (environments/dev.ts: pipelines, which has uploads)"],
    [
      ["manifests", "ledger"],
      "dev: the pipelines manifests and ledger are off (environments/dev.ts: pipelines, which has uploads)",
    ],
  ])("of %j says that it is off", (wanted, message) => {
    expect(() => checkOn(withOnly("uploads"), ...wanted)).toThrow(message);
  });

  test("asks AWS nothing where it is off, and passes all on where it is on", async () => {
    const asked: unknown[] = [];
    const work = needing("manifests", async (_: Operator, options: object) => {
      asked.push(options);
      return EXIT.ok;
    });
    const on = { environment: withOnly("manifests") } as Operator;
    await expect(work({ ...on, environment: withOnly("ledger") }, {})).rejects.toThrow("manifests is off");
    expect(await work(on, { limit: 1 })).toBe(EXIT.ok);
    expect(asked).toEqual([{ limit: 1 }]);
  });
});
