import { appendFileSync, copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { loadPlanPolicy } from "../../../environments/schema";
import { eventually } from "../../support/eventually";
import { COMPUTE, compute, expression, SOURCE, STORAGE, storage, TinyStacks } from "../plan/tiny-stacks";

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

  const kept = (stack: string) => tiny.kept(stack);
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
    const lines: string[] = [];
    const message = await refusal({ report: (line) => lines.push(line) });
    expect(message).toContain(`${COMPUTE} was not applied: since the review it has come to other changes`);
    expect(lines.at(-1)).toContain("terraform_data.name: is changed, which was not reviewed");
    expect(lines.at(-1)).toContain("| `input` | `one` | `two` |");
    expect([kept(STORAGE), kept(COMPUTE)]).toEqual(["two", "one"]);
    // reviewed anew, it is
    await tiny.plan();
    await tiny.applyPlans();
    expect(kept(COMPUTE)).toBe("two");
  });

  test("what a plan does is told by its file, whatever the JSON beside it says", async () => {
    tiny.write(storage({ kept: "two" }), compute());
    await tiny.plan();
    await refusal();
    const proposed = join(tiny.out, COMPUTE, "proposed", "plan.json");
    copyFileSync(proposed, join(tiny.out, COMPUTE, "plan.json"));
    expect(await refusal()).toContain(`${COMPUTE} was not applied`);
    expect(kept(COMPUTE)).toBe("one");
  });

  test.each([false, true])(
    "what the policy denies is refused by the plan's own changes, kept: %s",
    async (anew) => {
      tiny.write({}, compute([]));
      await tiny.plan([STORAGE]);
      const json = join(tiny.out, STORAGE, "plan.json");
      if (!anew)
        writeFileSync(
          json,
          JSON.stringify({ ...JSON.parse(readFileSync(json, "utf8")), resource_changes: [] }),
        );
      const policy = { ...loadPlanPolicy("local"), resourcesDestroyed: { level: "deny", above: 0 } } as const;
      expect(await refusal({ policy, anew })).toMatch(
        /^nothing was changed:\n {2}1 resources are destroyed or replaced, more than 0, which resourcesDestroyed .* denies in local;/,
      );
      expect(kept(STORAGE)).toBe("one");
    },
  );

  test("stacks that lose something go first", async () => {
    tiny.write(storage({ kept: "two" }), compute(["name", "password"]));
    await tiny.plan();
    const lines: string[] = [];
    await tiny.applyPlans({ first: [COMPUTE], report: (line) => lines.push(line) });
    expect(lines).toEqual([`${COMPUTE}: applied`, `${STORAGE}: applied`]);
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

  /** Plans the first stack with more resources. */
  const planWith = async (more: object) => {
    const { resource, output } = storage();
    const { terraform_data } = resource as { terraform_data: object };
    tiny.write({ resource: { terraform_data: { ...terraform_data, ...more } }, output }, compute());
    await tiny.plan([STORAGE]);
  };
  const namesOf = (stack: string) => {
    const { resources } = JSON.parse(readFileSync(join(tiny.folder, `${stack}.tfstate`), "utf8"));
    return resources
      .filter(({ instances }: { instances: object[] }) => instances.length > 0)
      .map(({ name }: { name: string }) => name);
  };

  test("interrupted, it waits for Terraform to stop in good order, and says what to do", async () => {
    const marker = join(tiny.folder, "begun");
    await planWith({
      slow: { input: "slow", provisioner: [{ "local-exec": { command: `touch ${marker} && sleep 60` } }] },
      last: { input: "last", depends_on: ["terraform_data.slow"] },
    });
    const applying = refusal();
    await eventually("the slow one to begin", async () => existsSync(marker));
    process.emit("SIGTERM", "SIGTERM");
    expect(await applying).toContain("what it has done is in the state");
    expect(namesOf(STORAGE)).toEqual(["kept", "slow"]);
    // what was broken off is made anew, which nobody reviewed
    expect(await refusal()).toContain("it has come to other changes; that is proposed");
  });

  test("stopped in the midst, the same command does what is left of what was reviewed", async () => {
    const marker = join(tiny.folder, "stop");
    const lifecycle = {
      precondition: {
        // what an apply alone knows is judged there
        condition: expression(`terraform_data.quick.id != "" && !fileexists("${marker}")`),
        error_message: "stopped",
      },
    };
    await planWith({
      quick: { input: "quick" },
      last: { input: "last", depends_on: ["terraform_data.quick"], lifecycle },
    });
    writeFileSync(marker, "");
    expect(await refusal()).toContain("what it has done is in the state");
    expect(namesOf(STORAGE)).toEqual(["kept", "quick"]);
    rmSync(marker);
    await tiny.applyPlans();
    expect(namesOf(STORAGE)).toEqual(["kept", "last", "quick"]);
  });

  test("killed before it could note so, it finds that nothing is left to do", async () => {
    tiny.write(storage({ kept: "two" }), compute());
    await tiny.plan([STORAGE]);
    await tiny.applyPlans();
    rmSync(join(tiny.out, STORAGE, "applied.json"));
    const lines: string[] = [];
    await tiny.applyPlans({ report: (line) => lines.push(line) });
    expect(lines.at(-1)).toBe(`${STORAGE}: nothing is left to do`);
    expect(kept(STORAGE)).toBe("two");
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
