import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { COMPUTE, compute, SOURCE, STORAGE, storage, TinyStacks } from "../plan/tiny-stacks";

describe("two stacks of which one reads the other's state", () => {
  let tiny: TinyStacks;
  beforeEach(async () => {
    tiny = new TinyStacks();
    tiny.write(storage(), compute());
    await tiny.plan([STORAGE]);
    await tiny.applyPlans();
    await tiny.plan();
    await tiny.applyPlans();
  });
  afterEach(() => tiny.remove());

  /** Value that a stack's resource keeps in its state. */
  const kept = (stack: string) => {
    const { resources } = JSON.parse(readFileSync(join(tiny.folder, `${stack}.tfstate`), "utf8"));
    const of = resources.find(({ type }: { type: string }) => type === "terraform_data");
    return of.instances[0].attributes.output.value;
  };
  const refusal = (further: Parameters<TinyStacks["applyPlans"]>[0] = {}) =>
    tiny.applyPlans(further).then(
      () => "applied",
      (error: Error) => error.message,
    );

  test("what was reviewed is applied in order, and not twice", async () => {
    expect([kept(STORAGE), kept(COMPUTE)]).toEqual(["one", "one"]);
    expect(await refusal()).toContain("has no plan that is not applied already");
  });

  test("the reader is not applied with the old value of what it reads: it stops, and shows what it comes to", async () => {
    tiny.write(storage({ kept: "two" }), compute());
    await tiny.plan();
    const message = await refusal();
    expect(message).toContain(`${COMPUTE} was not applied: since the review it has come to other changes`);
    expect(message).toContain("| `input` | `one` | `two` |");
    expect([kept(STORAGE), kept(COMPUTE)]).toEqual(["two", "one"]);
    // reviewed anew, it is
    await tiny.plan();
    await tiny.applyPlans();
    expect(kept(COMPUTE)).toBe("two");
  });

  test("a stack whose state moved is planned again, and applied where that comes to the same", async () => {
    tiny.write(storage({ kept: "two" }), compute());
    await tiny.plan([STORAGE]);
    const file = join(tiny.folder, `${STORAGE}.tfstate`);
    const state = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify({ ...state, serial: state.serial + 1 }));
    const lines: string[] = [];
    await tiny.applyPlans({ report: (line) => lines.push(line) });
    expect(lines).toEqual([
      `${STORAGE}: a state moved since the review; planned again`,
      `${STORAGE}: applied`,
    ]);
    expect(kept(STORAGE)).toBe("two");
  });

  test("after a stop the same command goes on with what is left", async () => {
    tiny.write(storage(), compute(["name", "password"]));
    await tiny.plan();
    const stop = new Error("killed");
    const report = () => {
      throw stop;
    };
    await expect(tiny.applyPlans({ report })).rejects.toBe(stop);
    const lines: string[] = [];
    await tiny.applyPlans({ report: (line) => lines.push(line) });
    expect(lines).toEqual([`${COMPUTE}: applied`]);
  });

  test("nothing is changed where a plan, its source or its synthesis is another", async () => {
    tiny.write(storage({ kept: "two" }), compute());
    await tiny.plan();
    const tree = "b".repeat(40);
    expect(await refusal({ source: { ...SOURCE, tree } })).toContain(
      `${STORAGE}: Git's tree is ${tree}, and was a`,
    );
    const extra = join(tiny.synthesized, "stacks", STORAGE, "job.zip");
    writeFileSync(extra, "new");
    expect(await refusal()).toContain(
      `${STORAGE}: job.zip is synthesized otherwise than when it was planned`,
    );
    rmSync(extra);
    appendFileSync(join(tiny.out, COMPUTE, "terraform.plan"), "x");
    expect(await refusal()).toContain(`${COMPUTE}: the plan file was altered`);
    expect(kept(STORAGE)).toBe("one");
  });
});
