import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { UsageError } from "../../../../cli/operator/command/errors";
import { Terminal } from "../../../../cli/operator/command/terminal";
import { declareNew, type NewOptions } from "../../../../cli/operator/dataset/new";
import { ROOT } from "../../../../setup/paths";

const folder = mkdtempSync(join(tmpdir(), "new-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const ROWS = Array.from(
  { length: 20 },
  (_, row) => `${row},2026-01-${row + 10},${row % 2 ? "new" : "old"}\n`,
);
const ORDERS = file("2026-02-01-orders.csv", `id,date,state\n${ROWS.join("")}`);

async function answer(options: Partial<NewOptions>) {
  const written: string[] = [];
  const screen = { writable: true, write: (text: string) => written.push(text) > 0 };
  const terminal = new Terminal(true, screen, screen);
  const code = await declareNew(terminal, {
    name: "orders",
    from: [ORDERS],
    pipeline: "uploads",
    owner: "shop",
    classification: "internal",
    ...options,
  });
  return { code, ...JSON.parse(written.join("")) };
}

describe("tributary dataset new", () => {
  test("only shows what it would write", async () => {
    const shown = await answer({});
    expect(shown).toMatchObject({ code: 0, edits: [], written: false, counts: { output: 20, rejected: 0 } });
    expect(existsSync(join(ROOT, "datasets", "orders"))).toBe(false);
  });

  test("declares what the manifests pipeline asks for", async () => {
    const { declaration, code } = await answer({ pipeline: "manifests" });
    expect(code).toBe(0);
    expect(declaration).toMatchObject({
      dates: { from: "2020-01-01" },
      columns: [{}, { header: "date" }, {}],
    });
    expect(declaration.columns[1].name).toBe("date_2");
  });

  test("declares what the ledger pipeline asks for", async () => {
    const { declaration, code } = await answer({ pipeline: "ledger" });
    expect(code).toBe(0);
    expect(declaration).toMatchObject({
      partitions: ["state"],
      partitionValues: { state: ["new", "old"] },
      sort: "date",
    });
  });

  test("asks for the edit without which a declaration cannot be used", async () => {
    const from = [file("plain.csv", "id,amount\n1,2\n")];
    expect(await answer({ from, pipeline: "ledger" })).toMatchObject({
      code: 1,
      edits: [expect.stringMatching(/^datasets\/orders\/dataset.json:\d+:\d+: partitions is required/)],
    });
  });

  test("names the rows that would be lost", async () => {
    const from = [file("ragged.csv", "id,amount\n1,2\n3,4,5\n6,7\n")];
    expect(await answer({ from })).toMatchObject({
      code: 1,
      edits: [`${from[0]}: line 3: wrong-field-count: expected 2 fields, found 3`],
    });
  });

  test.each([
    ["customers", "one that no dataset has (nothing is overwritten)"],
    ["smoke_uploads", "one that no dataset has (nothing is overwritten)"],
    ["schema", "one that no dataset has (nothing is overwritten)"],
    ["Orders", "a lower-case name (a-z, 0-9, _) that begins with a letter"],
  ])("refuses the name %s", async (name, wanted) => {
    await expect(answer({ name })).rejects.toThrow(
      new UsageError(`NAME: expected ${wanted}, got ${JSON.stringify(name)}`),
    );
  });

  test("says what is wrong with a hint", async () => {
    await expect(answer({ column: ["amount=decimal(12,2)"] })).rejects.toThrow(
      '--column: expected one of id, date, state, got "amount"',
    );
  });
});
