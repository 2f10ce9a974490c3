import { appendFileSync, copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { loadPlanPolicy } from "../../../environments/schema";
import { COMPUTE, compute, expression, SOURCE, STORAGE, storage, TinyStacks } from "../plan/tiny-stacks";

type Further = Parameters<TinyStacks["applyPlans"]>[0];

describe("what comes to other changes than were reviewed", () => {
  let tiny: TinyStacks;
  let lines: string[];
  beforeEach(async () => {
    lines = [];
    tiny = new TinyStacks();
    // a new environment: of the reader there is no plan yet
    tiny.write(storage(), compute());
    await tiny.plan();
  });
  afterEach(() => tiny.remove());

  const apply = async (further: Further = {}) => {
    lines = [];
    return tiny
      .applyPlans({ report: (line) => lines.push(line), ...further })
      .then(() => "applied")
      .catch((error: Error) => error.message);
  };
  const stateFile = (stack: string) => join(tiny.folder, `${stack}.tfstate`);
  const state = (stack: string) => JSON.parse(readFileSync(stateFile(stack), "utf8"));
  const kept = (stack: string) => tiny.kept(stack);
  /** Lets somebody else give the output another value. */
  const give = (value: string) => {
    const { outputs, serial, ...rest } = state(STORAGE);
    const name = { ...outputs.name, value };
    writeFileSync(
      stateFile(STORAGE),
      JSON.stringify({ ...rest, serial: serial + 1, outputs: { ...outputs, name } }),
    );
  };
  const nameIn = (message: string) => /--approve ([0-9a-f]{12}) /.exec(message)?.[1] ?? "none";
  const read = (...path: string[]) => readFileSync(join(tiny.out, COMPUTE, ...path), "utf8");

  test("a new environment is applied by one command, which asks at each level", async () => {
    expect(await apply({ isTrial: true })).toBe("applied");
    expect(lines).toEqual([
      `${STORAGE}: would be applied; repeat with --yes`,
      `${COMPUTE}: would be planned when it can be, and shown for approval`,
    ]);
    const asked: string[] = [];
    const ask = async (name: string) => asked.push(name) === 1;
    expect(await apply({ ask })).toBe("applied");
    expect(asked).toHaveLength(1);
    expect(lines[2]).toContain("| `local-compute` | `terraform_data` | 1 | `name` |");
    expect(lines.at(-1)).toBe(`${COMPUTE}: applied`);
    expect(kept(COMPUTE)).toBe("one");
    expect(await apply()).toContain("has no plan that is not applied already");
  });

  test("without a terminal it stops, and goes on with what is approved by name, of which no look takes anything", async () => {
    const message = await apply();
    expect(message).toMatch(
      new RegExp(`^${COMPUTE} was not applied: it could not be planned before; that is proposed as `),
    );
    const approved = nameIn(message);
    const files = ["terraform.plan", "plan.json", "binding.json", "summary.md"];
    for (const file of files) expect(read("proposed", file)).not.toBe("");
    expect(await apply({ approved: "0123456789ab" })).toBe(
      `0123456789ab is not what is proposed, which is ${approved}`,
    );
    expect(await apply({ approved, isTrial: true })).toBe("applied");
    expect(lines).toEqual([`${COMPUTE}: would be applied; repeat with --yes`]);
    expect(read("proposed", "binding.json")).not.toBe("");
    expect(await apply({ approved })).toBe("applied");
    expect(lines).toEqual([`${COMPUTE}: applied`]);
    expect(kept(COMPUTE)).toBe("one");
  });

  test("what is approved is refused as a reviewed plan: too old, of another tree, denied, or altered", async () => {
    const approved = nameIn(await apply());
    const now = new Date(Date.now() + 25.5 * 3_600_000);
    expect(await apply({ approved, now })).toContain(`${COMPUTE}: it is 25 hours old`);
    const source = { ...SOURCE, tree: "b".repeat(40) };
    expect(await apply({ approved, source })).toContain(`${COMPUTE}: Git's tree is ${source.tree}`);
    const policy = { ...loadPlanPolicy("local"), costRise: { level: "deny", aboveDollars: -1 } } as const;
    expect(await apply({ approved, policy })).toContain("which costRise in");
    appendFileSync(join(tiny.out, COMPUTE, "approved", "terraform.plan"), "x");
    expect(await apply({ approved })).toContain(`${COMPUTE}: the plan file was altered`);
    expect(existsSync(stateFile(COMPUTE))).toBe(false);
  });

  test("what the policy denies is shown, and not asked for", async () => {
    const given = expression("data.terraform_remote_state.storage.outputs.name");
    const name = { input: given, triggers_replace: given };
    tiny.write(storage(), { resource: { terraform_data: { name } } });
    await tiny.plan();
    await apply({ ask: async () => true });
    tiny.write(storage({ kept: "two" }), { resource: { terraform_data: { name } } });
    await tiny.plan();
    const policy = { ...loadPlanPolicy("local"), resourcesDestroyed: { level: "deny", above: 0 } } as const;
    const asked: string[] = [];
    const ask = async (name: string) => asked.push(name) > 0;
    expect(await apply({ policy, ask })).toMatch(
      /was not applied: .*\n {2}1 resources are destroyed or replaced/,
    );
    expect([asked, kept(STORAGE), kept(COMPUTE)]).toEqual([[], "two", "one"]);
  });

  test("where the state moves while it is asked, it is asked again", async () => {
    const asked: string[] = [];
    const ask = async (name: string) => {
      if (asked.push(name) === 1) give("two");
      return true;
    };
    expect(await apply({ ask })).toBe("applied");
    expect(new Set(asked).size).toBe(2);
    expect(lines.join("\n")).toContain("terraform_data.name: is created otherwise (input)");
    expect(kept(COMPUTE)).toBe("two");
  });

  test("killed while it asks, the same command asks again; stopped behind the answer, it goes on", async () => {
    const stop = async () => {
      throw new Error("killed");
    };
    expect(await apply({ ask: stop })).toBe("killed");
    expect(existsSync(stateFile(COMPUTE))).toBe(false);
    const saved = join(tiny.folder, "saved");
    const ask = async () => {
      copyFileSync(stateFile(STORAGE), saved);
      // as with credentials that expired: nothing can be read any more
      writeFileSync(stateFile(STORAGE), "no state");
      return true;
    };
    expect(await apply({ ask })).toContain("state");
    expect(existsSync(stateFile(COMPUTE))).toBe(false);
    copyFileSync(saved, stateFile(STORAGE));
    expect(await apply({ ask: stop })).toBe("applied");
    expect(kept(COMPUTE)).toBe("one");
  });

  test("a former tree is planned and applied as any other, and brings back what was; plans of the later one are refused", async () => {
    const everything = () =>
      [STORAGE, COMPUTE].map((stack) => {
        const { resources, outputs } = state(stack);
        return { outputs, resources: resources.filter(({ mode }: { mode: string }) => mode === "managed") };
      });
    /** Checks a tree out, plans it, and applies that. */
    const roll = async (tree: string, ...stacks: Parameters<TinyStacks["write"]>) => {
      tiny.source = { ...SOURCE, tree };
      tiny.write(...stacks);
      await tiny.plan();
      return apply({ ask: async () => true });
    };
    const [former, later] = ["a".repeat(40), "b".repeat(40)];
    expect(await roll(former, storage(), compute())).toBe("applied");
    const before = everything();
    expect(await roll(later, storage({ kept: "two" }), compute(["name", "password"]))).toBe("applied");
    expect([kept(STORAGE), everything()[1]?.resources.length]).toEqual(["two", 2]);
    await tiny.plan();
    tiny.source = { ...SOURCE, tree: former };
    expect(await apply()).toContain(`${STORAGE}: Git's tree is ${former}, and was ${later}`);
    expect(await roll(former, storage(), compute())).toBe("applied");
    expect(everything()).toEqual(before);
  });
});
